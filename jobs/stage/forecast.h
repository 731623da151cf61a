/* Forecast: what staging will take, from the plan. Pure. */
#ifndef LODE_JOBS_STAGE_FORECAST_H
#define LODE_JOBS_STAGE_FORECAST_H

#include "jobs/stage/plan.h"

/* `plan` as staging_plan makes it. */
void stage_forecast(const struct stage_plan *plan, struct lode_forecast *forecast);

#endif
