/* What the two sides of leaf "opportunities.examples" share. */
#ifndef LODE_JOBS_OPPORTUNITIES_EXAMPLES_PRIVATE_H
#define LODE_JOBS_OPPORTUNITIES_EXAMPLES_PRIVATE_H

/* The sessions that a finding is about: those that fulfil up to two conditions, of a pair both. */
enum example_condition { EXAMPLE_OF_ATTRIBUTE, EXAMPLE_OF_LIFECYCLE };
enum { EXAMPLE_MOST_CONDITIONS = 2 };

#endif
