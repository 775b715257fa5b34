#pragma once
#include <stddef.h>
typedef long off_t;
typedef int ssize_t;
