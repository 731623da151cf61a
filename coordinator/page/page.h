/* Page: one HTML file that shows a run anywhere, without a network.
 *
 * template.html with style, charting library, script and data put in its places. Nothing of a run
 * is ever markup: the data is JSON in a block that is not executed, and the script shows it as
 * text. A policy in the page forbids every request and every script and style but these, by their
 * SHA-256, so that what got past that would still not run.
 */
#ifndef LODE_COORDINATOR_PAGE_PAGE_H
#define LODE_COORDINATOR_PAGE_PAGE_H

#include "common/error.h"
#include "common/memory.h"

/* Appends the page that holds `json` (page/data.h). LODE_E_MEMORY. */
LODE_CHECKED lode_status page_append(struct lode_bytes *out, const struct lode_bytes *json);

#endif
