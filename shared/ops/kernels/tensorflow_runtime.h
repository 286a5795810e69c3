// TensorFlow's thread pool, allocator and stream behind the kernels' runtime.
#ifndef COURSE_OPS_TENSORFLOW_RUNTIME_H_
#define COURSE_OPS_TENSORFLOW_RUNTIME_H_

#if defined(COURSE_CUDA)
#define EIGEN_USE_GPU
#include "tensorflow/core/common_runtime/gpu/gpu_event_mgr.h"
#endif

#include <vector>

#include "conv2d.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/platform/threadpool.h"

namespace course {

template <typename Device>
class TensorFlowRuntime;

template <>
class TensorFlowRuntime<Cpu> {
 public:
  explicit TensorFlowRuntime(tensorflow::OpKernelContext* context)
      : context_(context) {
    pool_ = context->device()->tensorflow_cpu_worker_threads()->workers;
  }

  DeviceContext<Cpu> Context() {
    DeviceContext<Cpu> device;
    device.runtime.threads = pool_->NumThreads();
    device.runtime.run = Run;
    device.runtime.pool = pool_;
    device.runtime.allocate = Allocate;
    device.runtime.arena = this;
    return device;
  }

 private:
  static void Run(void* pool, int workers, void (*body)(void*, int),
                  void* state) {
    static_cast<tensorflow::thread::ThreadPool*>(pool)->ParallelFor(
        workers, tensorflow::thread::ThreadPool::SchedulingParams::Fixed(1),
        [=](int64_t begin, int64_t end) {
          for (int64_t worker = begin; worker < end; ++worker) {
            body(state, static_cast<int>(worker));
          }
        });
  }

  static void* Allocate(void* arena, size_t bytes) {
    auto* self = static_cast<TensorFlowRuntime*>(arena);
    tensorflow::Tensor tensor;
    tensorflow::TensorShape shape({static_cast<int64_t>(bytes)});
    if (!self->context_->allocate_temp(tensorflow::DT_INT8, shape, &tensor)
             .ok()) {
      return nullptr;
    }
    self->scratch_.push_back(tensor);
    return tensor.flat<tensorflow::int8>().data();
  }

  tensorflow::OpKernelContext* context_;
  tensorflow::thread::ThreadPool* pool_;
  std::vector<tensorflow::Tensor> scratch_;  // freed when the call returns
};

}  // namespace course

#endif  // COURSE_OPS_TENSORFLOW_RUNTIME_H_
