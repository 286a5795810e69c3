// The other header of CUDA that files often include; see cuda_runtime.h.
#if defined(__CUDACC__)
#include_next <device_launch_parameters.h>
#else
#include "course_cuda.h"
#endif
