/** The Fastify route of a method. */
import type { FastifyInstance, RouteOptions } from 'fastify'
import { hooksOfRoute, limitsOfRoute, type RouteHook } from './route-hooks.ts'
import type { HookFunction, ScopeHooks } from './scope-hooks.ts'

/** Known in part when the route is made, and whole when the app is ready. */
export class CallRoute {
  /** The path of the method, with all prefixes. */
  readonly path: string
  /** What runs for its calls. */
  hooks: readonly RouteHook[] = []
  /** What else keeps calls from it: see `limitsOfRoute`. */
  limits: readonly string[] = []
  /** Heads of responses go through Fastify. True until it is known. */
  hasOnSend = true
  /** Fastify must go on to watch over the reply. */
  hasOnTimeout = true
  /** Run for a failure of the call itself, which Fastify never hears of. */
  onError: readonly HookFunction[] = []
  /** Run for a client that leaves once the request is read, which Fastify does not notice. */
  onRequestAbort: readonly HookFunction[] = []
  /** Something stands around our handler, and waits for what it returns. */
  isWrapped = true
  readonly #options: RouteOptions

  /** @param options what Fastify has made the route of; plugins may add to its lists until the app is ready */
  constructor(path: string, options: RouteOptions) {
    this.path = path
    this.#options = options
  }

  /**
   * @param scope that of the routes: hooks are its methods
   * @param scopeHooks undefined where Fastify does not show them: then there may be any
   */
  onReady(scope: FastifyInstance, scopeHooks: ScopeHooks | undefined, own: ReadonlySet<HookFunction>): void {
    this.hooks = hooksOfRoute(this.#options, scopeHooks, own)
    this.limits = limitsOfRoute(this.#options, this.path)
    const has = (name: string) => this.hooks.some(({ hook }) => hook === name)
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
