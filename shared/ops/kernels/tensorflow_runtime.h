// TensorFlow's thread pool, allocator and stream behind the kernels' runtime.
#ifndef COURSE_OPS_TENSORFLOW_RUNTIME_H_
#define COURSE_OPS_TENSORFLOW_RUNTIME_H_

#include <vector>

#include "conv2d.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/platform/threadpool.h"
#if defined(COURSE_CUDA)
#include "xla/stream_executor/stream.h"
#endif

namespace course {

// Scratch memory from the device's allocator, freed when the call returns. On a
// GPU that is safe: the allocator hands it out again in the order of the
// stream.
class Scratch {
 public:
  explicit Scratch(tensorflow::OpKernelContext* context) : context_(context) {}

  static void* Allocate(void* arena, size_t bytes) {
    auto* self = static_cast<Scratch*>(arena);
    tensorflow::Tensor tensor;
    tensorflow::TensorShape shape({static_cast<int64_t>(bytes)});
    if (!self->context_->allocate_temp(tensorflow::DT_INT8, shape, &tensor)
             .ok()) {
      return nullptr;
    }
    self->pieces_.push_back(tensor);
    return tensor.flat<tensorflow::int8>().data();
  }

 private:
  tensorflow::OpKernelContext* context_;
  std::vector<tensorflow::Tensor> pieces_;
};

template <typename Device>
class TensorFlowRuntime;

template <>
class TensorFlowRuntime<Cpu> {
 public:
  explicit TensorFlowRuntime(tensorflow::OpKernelContext* context)
      : scratch_(context) {
    pool_ = context->device()->tensorflow_cpu_worker_threads()->workers;
  }

  DeviceContext<Cpu> Context() {
    DeviceContext<Cpu> device;
    device.runtime.threads = pool_->NumThreads();
    device.runtime.run = Run;
    device.runtime.pool = pool_;
    device.runtime.allocate = Scratch::Allocate;
    device.runtime.arena = &scratch_;
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

  tensorflow::thread::ThreadPool* pool_;
  Scratch scratch_;
};

#if defined(COURSE_CUDA)
template <>
class TensorFlowRuntime<Gpu> {
 public:
  explicit TensorFlowRuntime(tensorflow::OpKernelContext* context)
      : scratch_(context) {
    // TensorFlow's own stream: on another, kernels would run before their
    // inputs are there.
    stream_ = context->op_device_context()
                  ->stream()
                  ->platform_specific_handle()
                  .stream;
  }

  DeviceContext<Gpu> Context() {
    DeviceContext<Gpu> device;
    device.stream = stream_;
    device.allocate = Scratch::Allocate;
    device.arena = &scratch_;
    return device;
  }

 private:
  void* stream_;
  Scratch scratch_;
};
#endif

}  // namespace course

#endif  // COURSE_OPS_TENSORFLOW_RUNTIME_H_
