#pragma once
typedef struct tskTaskControlBlock *TaskHandle_t;
