// For files that include CUDA's own header: nvcc finds that, and your compiler this.
#if defined(__CUDACC__)
#include_next <cuda_runtime.h>
#else
#include "course_cuda.h"
#endif
