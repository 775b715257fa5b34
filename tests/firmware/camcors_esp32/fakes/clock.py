"""Virtual time: tasks that sleep on it wake in order, as fast as the machine can."""

import asyncio


class Clock:
    def __init__(self):
        self.now = 0
        self._sleepers = []
        self._count = 0

    def ticks_ms(self):
        return self.now

    async def sleep_ms(self, duration_ms):
        event = asyncio.Event()
        self._count += 1
        self._sleepers.append((self.now + duration_ms, self._count, event))
        await event.wait()

    async def run(self, duration_ms):
        """Let everything run for so long."""
        end = self.now + duration_ms
        while True:
            for _ in range(10):
                await asyncio.sleep(0)
            if not self._sleepers:
                break
            first = min(self._sleepers, key=lambda each: each[:2])
            if first[0] > end:
                break
            self._sleepers.remove(first)
            self.now = max(self.now, first[0])
            first[2].set()
        self.now = max(self.now, end)


clock = Clock()


class BlockingTime:
    """The module `time` of a board, as far as it is used."""

    def sleep_ms(self, duration_ms):
        clock.now += duration_ms

    def time(self):
        return clock.now // 1000
