/* Page: see the header. */
#include "coordinator/page/page.h"

#include <sodium.h>
#include <string.h>

#include "coordinator/page/assets.h"
#include "coordinator/page/cells.h"

enum { HASH_TEXT = 64 }; /* of 32 bytes in base64, with its zero: 45 */

static lode_status append_hash(struct lode_bytes *out, const struct page_asset *asset)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[HASH_TEXT];
    crypto_hash_sha256(hash, asset->bytes, asset->size);
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    return lode_bytes_printf(out, " 'sha256-%s'", text);
}

static lode_status append_policy(struct lode_bytes *out)
{
    lode_try(lode_bytes_printf(out, "default-src 'none'; script-src"));
    lode_try(append_hash(out, &page_library));
    lode_try(append_hash(out, &page_script));
    lode_try(lode_bytes_printf(out, "; style-src"));
    lode_try(append_hash(out, &page_style));
    return lode_bytes_printf(out, "; base-uri 'none'; form-action 'none'");
}

/* What stands for the name between {{ and }}. */
static lode_status append_place(struct lode_bytes *out, const char *name, size_t size,
                                const struct lode_bytes *json)
{
    static const struct {
        const char *name;
        const struct page_asset *asset;
    } places[] = {{"style", &page_style}, {"library", &page_library}, {"script", &page_script}};
    if (size == 6 && memcmp(name, "policy", size) == 0) return append_policy(out);
    if (size == 4 && memcmp(name, "data", size) == 0)
        return page_json_escape(out, json->data, json->size);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strlen(places[i].name) == size && memcmp(name, places[i].name, size) == 0)
            return lode_bytes_append(out, places[i].asset->bytes, places[i].asset->size);
    return lode_fail(LODE_E_BUG, "template.html: {{%.*s}}", (int)size, name);
}

lode_status page_append(struct lode_bytes *out, const struct lode_bytes *json)
{
    const char *at = (const char *)page_template.bytes, *end = at + page_template.size;
    while (at < end) {
        const char *open = memmem(at, (size_t)(end - at), "{{", 2);
        const char *close = open ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;
        const char *stop = close ? open : end;
        lode_try(lode_bytes_append(out, at, (size_t)(stop - at)));
        if (!close) break;
        lode_try(append_place(out, open + 2, (size_t)(close - open) - 2, json));
        at = close + 2;
    }
    return LODE_OK;
}
