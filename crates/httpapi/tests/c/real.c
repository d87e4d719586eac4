/* Stands for a library that does serve requests: every function gives back what it was called with,
 * so that a test sees which arguments have arrived. */
#include <stdint.h>

static uintptr_t mixed(int count, const uintptr_t *words)
{
    uintptr_t sum = 0;
    for (int i = 0; i < count; i++) {
        sum = sum * 3 + words[i];
    }
    return sum & 0xffffffff;
}

uintptr_t HttpCreateServerSession(uintptr_t a, uintptr_t b, uintptr_t c)
{
    return mixed(3, (uintptr_t[]){a, b, c});
}

uintptr_t HttpSendHttpResponse(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f,
                               uintptr_t g, uintptr_t h, uintptr_t i, uintptr_t j)
{
    return mixed(10, (uintptr_t[]){a, b, c, d, e, f, g, h, i, j});
}

uint32_t HttpInitialize(uint32_t version, uint32_t flags, void *reserved)
{
    return version + flags + (reserved != 0);
}
uint32_t HttpTerminate(uint32_t flags) { return flags; }
uint32_t HttpSetServiceConfiguration(void) { return 1001; }
uint32_t HttpDeleteServiceConfiguration(void) { return 1002; }
uint32_t HttpQueryServiceConfiguration(void) { return 1003; }
