/* Assets: the files beside this one, and the charting library, as bytes in the program; made when
 * it is built (cmake/embed.cmake).
 */
#ifndef LODE_COORDINATOR_PAGE_ASSETS_H
#define LODE_COORDINATOR_PAGE_ASSETS_H

#include <stddef.h>
#include <stdint.h>

struct page_asset {
    const uint8_t *bytes;
    size_t size;
};
extern const struct page_asset page_template, page_style, page_library, page_script;

#endif
