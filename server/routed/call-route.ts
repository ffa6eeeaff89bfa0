/** The Fastify route of a method. */
import type { FastifyInstance, RouteOptions } from 'fastify'
import { hooksOfRoute, limitsOfRoute, type RouteHook } from './route-hooks.ts'
import type { HookFunction, ScopeHooks } from './scope-hooks.ts'

/** Incomplete until the app is ready, because plugins may still add hooks. */
export class CallRoute {
  /** The path of the method, with all prefixes. */
  readonly path: string
  /** The hooks that run for its calls. */
  hooks: readonly RouteHook[] = []
  /** Other reasons why calls may not reach it; see `limitsOfRoute`. */
  limits: readonly string[] = []
  /** Whether response heads go through Fastify. True until it is known. */
  hasOnSend = true
  /** Whether Fastify must keep track of the reply. True until it is known. */
  hasOnTimeout = true
  /** Run when the call itself fails, which Fastify does not see. */
  onError: readonly HookFunction[] = []
  /** Run when the client disconnects after the request was read, which Fastify does not notice. */
  onRequestAbort: readonly HookFunction[] = []
  /** Whether a plugin has wrapped our handler and waits for its result. */
  isWrapped = true
  readonly #options: RouteOptions

  /** @param options the options of the Fastify route; plugins may extend its lists until the app is ready */
  constructor(path: string, options: RouteOptions) {
    this.path = path
    this.#options = options
  }

  /**
   * Completes the route when all hooks are known.
   *
   * @param scope the scope of the routes, to which hooks are bound
   * @param scopeHooks undefined if they cannot be read; there may be any then
   */
  onReady(scope: FastifyInstance, scopeHooks: ScopeHooks | undefined, own: ReadonlySet<HookFunction>): void {
    this.hooks = hooksOfRoute(this.#options, scopeHooks, own)
    this.limits = limitsOfRoute(this.#options, this.path)
    const has = (name: string) => this.hooks.some(({ hook }) => hook === name)
    /** Fastify binds hooks to their scope; those that we run ourselves need the same. */
    const bound = (name: string) =>
      this.hooks.filter(({ hook }) => hook === name).map(({ run }) => run.bind(scope as never))
    this.isWrapped = has('handler')
    this.onError = bound('onError')
    this.onRequestAbort = bound('onRequestAbort')
    if (scopeHooks === undefined) return
    this.hasOnSend = has('onSend')
    this.hasOnTimeout = has('onTimeout')
  }
}
