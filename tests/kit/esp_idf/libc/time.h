#pragma once
typedef long long time_t;
struct tm;
time_t time(time_t *t);
