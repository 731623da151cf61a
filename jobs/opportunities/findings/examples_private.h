/* What the two sides of leaf "opportunities.examples" share. */
#ifndef LODE_JOBS_OPPORTUNITIES_EXAMPLES_PRIVATE_H
#define LODE_JOBS_OPPORTUNITIES_EXAMPLES_PRIVATE_H

/* The sessions that a finding is about. */
enum example_members { EXAMPLE_OF_ALL, EXAMPLE_OF_ATTRIBUTE, EXAMPLE_OF_LIFECYCLE };

#endif
