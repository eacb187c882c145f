/**
 * Preloaded by the gate (`--import`): it keeps Node's test runner from following every promise, socket and timer of a test, which it does
 * to tell which test an error escaped from, and which takes a fifth of the processor's time here. Such an error fails its file instead.
 * What the runner does need, the test or suite under way where another one is declared, is told it when that begins.
 */
import hooks, { AsyncResource, type HookCallbacks } from 'node:async_hooks'

const { createHook } = hooks

Object.assign(hooks, {
  createHook(callbacks: HookCallbacks) {
    if (!new Error().stack?.includes('node:internal/test_runner/')) return createHook(callbacks)
    const runInAsyncScope = Reflect.get(AsyncResource.prototype, 'runInAsyncScope') as (...args: unknown[]) => unknown
    Reflect.set(
      AsyncResource.prototype,
      'runInAsyncScope',
      function (this: AsyncResource, ...args: unknown[]): unknown {
        // For the runner a test is what it is asked about by this number; no other resource means anything to it.
        callbacks.init?.(this.asyncId(), 'Test', 0, this)
        return Reflect.apply(runInAsyncScope, this, args)
      },
    )
    const hook = { enable: () => hook, disable: () => hook }
    return hook
  },
})
