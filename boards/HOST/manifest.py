import os

include("../common/manifest.py", folder=os.getcwd())
module("partition_table.py", base_path="../../build/HOST/generated")
