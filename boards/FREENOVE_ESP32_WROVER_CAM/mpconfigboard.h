// boards/common/board.cmake writes it from board.json.
#include "camcors_board.h"
