#pragma once
typedef struct QueueDefinition *SemaphoreHandle_t;
typedef struct {
    void *words[20];
} StaticSemaphore_t;
