/* HTTP: libcurl's easy interface; the only file that knows it. */
#include "common/http.h"

#include "common/clock.h"
#include "common/text.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { FIRST_WAIT_MS = 500, POLL_MS = 100, SHOWN = 200, ERROR_LIMIT = 4096 };

lode_status lode_http_check_url(const char *url)
{
    CURLU *parts = curl_url();
    char *scheme = NULL, *user = NULL;
    lode_status status = LODE_OK;
    if (!parts) return lode_fail(LODE_E_MEMORY, "no memory for a URL");
    if (curl_url_set(parts, CURLUPART_URL, url, 0) ||
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        status = lode_fail(LODE_E_USAGE, "not a URL of the form http://... or https://...");
    else if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK)
        status = lode_fail(LODE_E_USAGE, "a URL with a user or password in it, which would be kept "
                                         "in the run's record; give a key apart");
    curl_free(scheme);
    curl_free(user);
    curl_url_cleanup(parts);
    return status;
}

/* One try under way. */
struct attempt {
    const struct lode_http_request *request;
    struct lode_bytes body;
    bool is_too_large, no_memory;
};

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct attempt *attempt = context;
    const size_t bytes = size * count;
    if (bytes > attempt->request->reply_limit - attempt->body.size) {
        attempt->is_too_large = true;
        return 0;
    }
    attempt->no_memory = lode_bytes_append(&attempt->body, data, bytes) != LODE_OK;
    return attempt->no_memory ? 0 : bytes;
}

static int look_around(void *context, curl_off_t down, curl_off_t down_now, curl_off_t up,
                       curl_off_t up_now)
{
    const struct attempt *attempt = context;
    (void)down, (void)down_now, (void)up, (void)up_now;
    return attempt->request->is_stopped && attempt->request->is_stopped();
}

static bool set_options(CURL *curl, struct attempt *attempt, struct curl_slist *headers)
{
    const struct lode_http_request *request = attempt->request;
    return !curl_easy_setopt(curl, CURLOPT_URL, request->url) &&
           !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) &&
           !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) &&
           !curl_easy_setopt(curl, CURLOPT_POST, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)request->body) &&
           !curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size) &&
           !curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEDATA, attempt) &&
           !curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) &&
           !curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_around) &&
           !curl_easy_setopt(curl, CURLOPT_XFERINFODATA, attempt);
}

/* What the try came to. */
struct outcome {
    bool may_retry;
    int64_t wait_ms; /* as the reply asks; -1: it does not */
};

static lode_status tell_status(long code, const struct lode_bytes *body)
{
    char shown[SHOWN + 1];
    const size_t size = body->size > ERROR_LIMIT ? ERROR_LIMIT : body->size;
    const size_t end =
        body->data ? lode_text_visible((const char *)body->data, size, shown, SHOWN) : 0;
    shown[end] = '\0';
    return lode_fail(LODE_E_INPUT, "HTTP status %ld%s%s%s", code,
                     code == 401 || code == 403 ? " (is the key right?)" : "", end ? ": " : "",
                     shown);
}

static lode_status judge(CURL *curl, CURLcode result, const struct attempt *attempt,
                         struct outcome *outcome)
{
    long code = 0;
    curl_off_t wait_s = 0;
    if (attempt->no_memory) return lode_fail(LODE_E_MEMORY, "no memory for a reply");
    if (result == CURLE_ABORTED_BY_CALLBACK) return lode_fail(LODE_E_STOPPED, "stopped");
    if (attempt->is_too_large)
        return lode_fail(LODE_E_INPUT, "a reply of more than %zu bytes",
                         attempt->request->reply_limit);
    outcome->may_retry = result != CURLE_OK;
    if (result == CURLE_OPERATION_TIMEDOUT)
        return lode_fail(LODE_E_INPUT, "no whole reply within %g s",
                         (double)attempt->request->timeout_ms / 1e3);
    if (result) return lode_fail(LODE_E_INPUT, "%s", curl_easy_strerror(result));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    if (code >= 200 && code < 300) return LODE_OK;
    outcome->may_retry = code == 408 || code == 429 || code >= 500;
    if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait_s) == CURLE_OK && wait_s > 0)
        outcome->wait_ms = wait_s > LODE_HTTP_WAIT_MAX_MS ? INT64_MAX : (int64_t)wait_s * 1000;
    return tell_status(code, &attempt->body);
}

static lode_status try_once(const struct lode_http_request *request, struct curl_slist *headers,
                            struct lode_bytes *reply, struct outcome *outcome)
{
    struct attempt attempt = {.request = request};
    *outcome = (struct outcome){.wait_ms = -1};
    CURL *curl = curl_easy_init();
    lode_status status = LODE_OK;
    if (!curl || !set_options(curl, &attempt, headers))
        status = lode_fail(LODE_E_MEMORY, "no memory for a request");
    else
        status = judge(curl, curl_easy_perform(curl), &attempt, outcome);
    if (!status && attempt.body.data)
        status = lode_bytes_append(reply, attempt.body.data, attempt.body.size);
    curl_easy_cleanup(curl);
    lode_bytes_clear(&attempt.body);
    return status;
}

static lode_status wait_ms(const struct lode_http_request *request, int64_t ms)
{
    const int64_t end_us = lode_clock_us() + ms * 1000;
    while (lode_clock_us() < end_us) {
        if (request->is_stopped && request->is_stopped())
            return lode_fail(LODE_E_STOPPED, "stopped");
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
    }
    return LODE_OK;
}

/* Milliseconds that are left of all tries together. */
static int64_t left_ms(const struct lode_http_request *request, int64_t start_us)
{
    if (request->total_ms == 0) return INT64_MAX;
    return request->total_ms - (lode_clock_us() - start_us) / 1000;
}

static lode_status try_all(const struct lode_http_request *request, struct curl_slist *headers,
                           struct lode_bytes *reply)
{
    const int64_t start_us = lode_clock_us();
    int64_t next_wait_ms = FIRST_WAIT_MS;
    for (int tries = 0;; tries++, next_wait_ms *= 2) {
        struct outcome outcome;
        struct lode_http_request one = *request;
        const int64_t left = left_ms(request, start_us);
        if (left < one.timeout_ms) one.timeout_ms = left > 1 ? left : 1;
        const lode_status status = try_once(&one, headers, reply, &outcome);
        const int64_t pause_ms = outcome.wait_ms >= 0 ? outcome.wait_ms : next_wait_ms;
        if (!status || !outcome.may_retry || pause_ms > LODE_HTTP_WAIT_MAX_MS) return status;
        if (tries == request->retries || pause_ms >= left_ms(request, start_us))
            return tries ? lode_note(status, "after %d tries", tries + 1) : status;
        lode_try(wait_ms(request, pause_ms));
    }
}

lode_status lode_http_post(const struct lode_http_request *request, struct lode_bytes *reply)
{
    struct curl_slist *headers = NULL;
    lode_status status = LODE_OK;
    lode_try(lode_http_check_url(request->url));
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return lode_fail(LODE_E_MEMORY, "no memory for requests");
    for (const char *const *header = request->headers; *header && !status; header++) {
        struct curl_slist *longer = curl_slist_append(headers, *header);
        if (!longer) status = lode_fail(LODE_E_MEMORY, "no memory for a request");
        headers = longer ? longer : headers;
    }
    if (!status) status = try_all(request, headers, reply);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return status;
}
