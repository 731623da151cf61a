/* Shop: tables of weights, and one way to draw from them. */
#include "jobs/gen/shop.h"

#include <stddef.h>
#include <string.h>

enum { SUCCESSORS = 4, JUMP_ONE_OF = 16 };

struct choice {
    const char *word;
    unsigned weight;
};

static const struct choice countries[] = {
    {"US", 24}, {"DE", 14}, {"BR", 10}, {"IN", 10}, {"FR", 9}, {"GB", 8},
    {"JP", 7},  {"MX", 6},  {"ES", 5},  {"IT", 4},  {"SE", 3}, {NULL, 0},
};
static const struct choice devices[] = {
    {"phone", 50}, {"desktop", 30}, {"tablet", 12}, {"tv", 8}, {NULL, 0},
};
static const struct choice phone_systems[] = {{"android", 60}, {"ios", 40}, {NULL, 0}};
static const struct choice desktop_systems[] = {
    {"windows", 65}, {"macos", 25}, {"linux", 10}, {NULL, 0}};
static const struct choice tv_systems[] = {{"tizen", 50}, {"webos", 50}, {NULL, 0}};
static const struct choice android_versions[] = {
    {"android 12", 25}, {"android 13", 30}, {"android 14", 45}, {NULL, 0}};
static const struct choice ios_versions[] = {{"ios 16", 30}, {"ios 17", 70}, {NULL, 0}};
static const struct choice versions[] = {
    {"5.0", 10}, {"5.1", 20}, {"5.2", 15}, {"5.3", 35}, {"5.4", 20}, {NULL, 0},
};

enum event {
    VISIT,
    LOGIN,
    LOGIN_FAILED,
    SEARCH,
    SEARCH_NO_RESULT,
    FILTER_RESULTS,
    VIEW_ITEM,
    VIEW_IMAGES,
    READ_REVIEWS,
    WRITE_REVIEW,
    ADD_TO_WISHLIST,
    ADD_TO_CART,
    REMOVE_FROM_CART,
    VIEW_CART,
    APPLY_COUPON,
    COUPON_REJECTED,
    CHECKOUT,
    ENTER_ADDRESS,
    CHOOSE_SHIPPING,
    CHOOSE_PAYMENT,
    BUY_PLAN,
    BUY_ITEM,
    ORDER_CONFIRMED,
    TRACK_ORDER,
    CANCEL_ORDER,
    RETURN_ITEM,
    CONTACT_SUPPORT,
    CHAT_MESSAGE,
    OPEN_WALLET,
    WALLET_TOKEN_EXPIRED,
    LOW_MEMORY_WARNING,
    WEB_CORS_ERROR,
    TIMEOUT_ERROR,
    SERVER_ERROR,
    IMAGE_LOAD_ERROR,
    RETRY,
    PUSH_OPENED,
    SHARE_ITEM,
    SETTINGS,
    LOGOUT
};

/* Successors with weights out of 16. */
static const struct {
    const char *name;
    unsigned char next[SUCCESSORS];
    unsigned char weight[SUCCESSORS];
} chain[SHOP_EVENTS] = {
    [VISIT] = {"visit", {SEARCH, VIEW_ITEM, LOGIN, PUSH_OPENED}, {6, 5, 4, 1}},
    [LOGIN] = {"login", {SEARCH, VIEW_CART, TRACK_ORDER, LOGIN_FAILED}, {7, 4, 3, 2}},
    [LOGIN_FAILED] = {"login_failed", {LOGIN, CONTACT_SUPPORT, RETRY, LOGOUT}, {10, 2, 3, 1}},
    [SEARCH] = {"search", {VIEW_ITEM, FILTER_RESULTS, SEARCH, SEARCH_NO_RESULT}, {8, 4, 2, 2}},
    [SEARCH_NO_RESULT] = {"search_no_result", {SEARCH, VISIT, LOGOUT, VIEW_ITEM}, {11, 3, 1, 1}},
    [FILTER_RESULTS] = {"filter_results", {VIEW_ITEM, FILTER_RESULTS, SEARCH, VISIT}, {9, 4, 2, 1}},
    [VIEW_ITEM] = {"view_item", {VIEW_IMAGES, ADD_TO_CART, READ_REVIEWS, SEARCH}, {5, 4, 4, 3}},
    [VIEW_IMAGES] = {"view_images",
                     {VIEW_ITEM, ADD_TO_CART, IMAGE_LOAD_ERROR, READ_REVIEWS},
                     {6, 4, 2, 4}},
    [READ_REVIEWS] = {"read_reviews",
                      {VIEW_ITEM, ADD_TO_CART, ADD_TO_WISHLIST, SEARCH},
                      {6, 5, 2, 3}},
    [WRITE_REVIEW] = {"write_review", {VISIT, LOGOUT, SEARCH, SHARE_ITEM}, {6, 4, 4, 2}},
    [ADD_TO_WISHLIST] = {"add_to_wishlist", {SEARCH, VIEW_ITEM, SHARE_ITEM, LOGOUT}, {7, 6, 2, 1}},
    [ADD_TO_CART] = {"add_to_cart", {VIEW_CART, SEARCH, VIEW_ITEM, CHECKOUT}, {6, 4, 3, 3}},
    [REMOVE_FROM_CART] = {"remove_from_cart", {VIEW_CART, SEARCH, LOGOUT, VIEW_ITEM}, {6, 6, 2, 2}},
    [VIEW_CART] = {"view_cart", {CHECKOUT, REMOVE_FROM_CART, APPLY_COUPON, SEARCH}, {7, 3, 3, 3}},
    [APPLY_COUPON] = {"apply_coupon", {CHECKOUT, COUPON_REJECTED, VIEW_CART, SEARCH}, {8, 4, 3, 1}},
    [COUPON_REJECTED] = {"coupon_rejected",
                         {VIEW_CART, CHECKOUT, CONTACT_SUPPORT, APPLY_COUPON},
                         {6, 6, 1, 3}},
    [CHECKOUT] = {"checkout", {ENTER_ADDRESS, CHOOSE_SHIPPING, LOGIN, VIEW_CART}, {7, 5, 2, 2}},
    [ENTER_ADDRESS] = {"enter_address",
                       {CHOOSE_SHIPPING, ENTER_ADDRESS, VIEW_CART, TIMEOUT_ERROR},
                       {12, 2, 1, 1}},
    [CHOOSE_SHIPPING] = {"choose_shipping",
                         {CHOOSE_PAYMENT, ENTER_ADDRESS, VIEW_CART, SERVER_ERROR},
                         {13, 1, 1, 1}},
    [CHOOSE_PAYMENT] = {"choose_payment",
                        {BUY_ITEM, BUY_PLAN, OPEN_WALLET, VIEW_CART},
                        {8, 5, 2, 1}},
    [BUY_PLAN] = {"buy_plan", {ORDER_CONFIRMED, RETRY, WEB_CORS_ERROR, VISIT}, {13, 1, 1, 1}},
    [BUY_ITEM] = {"buy_item", {ORDER_CONFIRMED, RETRY, SERVER_ERROR, VISIT}, {13, 1, 1, 1}},
    [ORDER_CONFIRMED] = {"order_confirmed",
                         {TRACK_ORDER, VISIT, WRITE_REVIEW, LOGOUT},
                         {5, 5, 1, 5}},
    [TRACK_ORDER] = {"track_order",
                     {VISIT, CONTACT_SUPPORT, CANCEL_ORDER, RETURN_ITEM},
                     {9, 3, 2, 2}},
    [CANCEL_ORDER] = {"cancel_order", {VISIT, CONTACT_SUPPORT, LOGOUT, SEARCH}, {5, 5, 4, 2}},
    [RETURN_ITEM] = {"return_item", {VISIT, CONTACT_SUPPORT, LOGOUT, SEARCH}, {5, 5, 4, 2}},
    [CONTACT_SUPPORT] = {"contact_support",
                         {CHAT_MESSAGE, VISIT, LOGOUT, TRACK_ORDER},
                         {10, 3, 2, 1}},
    [CHAT_MESSAGE] = {"chat_message", {CHAT_MESSAGE, VISIT, LOGOUT, TRACK_ORDER}, {9, 3, 2, 2}},
    [OPEN_WALLET] = {"open_wallet", {BUY_ITEM, BUY_PLAN, SETTINGS, CHOOSE_PAYMENT}, {9, 4, 1, 2}},
    [WALLET_TOKEN_EXPIRED] = {"wallet_token_expired",
                              {OPEN_WALLET, CHOOSE_PAYMENT, LOGIN, RETRY},
                              {7, 5, 3, 1}},
    [LOW_MEMORY_WARNING] = {"low_memory_warning", {VIEW_ITEM, SEARCH, VISIT, RETRY}, {6, 6, 3, 1}},
    [WEB_CORS_ERROR] = {"web_cors_error", {RETRY, VISIT, VIEW_CART, SERVER_ERROR}, {9, 4, 2, 1}},
    [TIMEOUT_ERROR] = {"timeout_error", {RETRY, VISIT, VIEW_CART, CONTACT_SUPPORT}, {9, 4, 2, 1}},
    [SERVER_ERROR] = {"server_error", {RETRY, VISIT, VIEW_CART, CONTACT_SUPPORT}, {9, 4, 2, 1}},
    [IMAGE_LOAD_ERROR] = {"image_load_error",
                          {VIEW_IMAGES, VIEW_ITEM, RETRY, SEARCH},
                          {7, 6, 2, 1}},
    [RETRY] = {"retry", {CHOOSE_PAYMENT, VIEW_CART, VISIT, TIMEOUT_ERROR}, {5, 5, 5, 1}},
    [PUSH_OPENED] = {"push_opened", {VIEW_ITEM, SEARCH, TRACK_ORDER, LOGOUT}, {9, 4, 2, 1}},
    [SHARE_ITEM] = {"share_item", {VIEW_ITEM, SEARCH, LOGOUT, VISIT}, {7, 5, 2, 2}},
    [SETTINGS] = {"settings", {VISIT, LOGOUT, SEARCH, SETTINGS}, {7, 4, 3, 2}},
    [LOGOUT] = {"logout", {VISIT, LOGIN, SEARCH, VIEW_ITEM}, {6, 7, 2, 1}},
};

static const char *draw(struct lode_random *random, const struct choice *choices)
{
    unsigned sum = 0;
    for (const struct choice *at = choices; at->word; at++) sum += at->weight;
    uint64_t rest = lode_random_below(random, sum);
    while (rest >= choices->weight) rest -= choices++->weight;
    return choices->word;
}

struct shop_user shop_user_draw(struct lode_random *random)
{
    const char *device = draw(random, devices);
    const struct choice *systems = phone_systems; /* tablets too */
    if (device[0] == 'd') systems = desktop_systems;
    if (device[0] == 't' && device[1] == 'v') systems = tv_systems;
    const char *os = draw(random, systems);
    const char *os_version = os; /* of all others one version is around */
    if (strcmp(os, "android") == 0) os_version = draw(random, android_versions);
    if (strcmp(os, "ios") == 0) os_version = draw(random, ios_versions);
    return (struct shop_user){
        .device = device, .os = os, .os_version = os_version, .country = draw(random, countries)};
}

const char *shop_version_draw(struct lode_random *random)
{
    return draw(random, versions);
}

int shop_first_event(struct lode_random *random)
{
    static const unsigned char starts[8] = {VISIT, VISIT, VISIT,  VISIT,
                                            LOGIN, LOGIN, SEARCH, PUSH_OPENED};
    return starts[lode_random_below(random, 8)];
}

int shop_next_event(struct lode_random *random, int event)
{
    if (lode_random_below(random, JUMP_ONE_OF) == 0)
        return (int)lode_random_below(random, SHOP_EVENTS);
    uint64_t rest = lode_random_below(random, 16);
    int at = 0;
    while (rest >= chain[event].weight[at]) rest -= chain[event].weight[at++];
    return chain[event].next[at];
}

const char *shop_event_name(int event)
{
    return chain[event].name;
}
