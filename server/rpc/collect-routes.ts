/** Runs a user's `routes` function once, and keeps what it registered, so that every lane can mount it. */
import type { DescMethod, DescService } from '@bufbuild/protobuf'
import { type ConnectRouter, type ConnectRouterOptions, createConnectRouter } from '@connectrpc/connect'
import type { ProtocolSwitches } from './lane.ts'

/** What holds for every service of a router, whatever options a service has of its own. */
export interface RouterDefaults extends Pick<ConnectRouterOptions, 'interceptors' | 'requestGate'> {
  /** Protocols that are off whatever a service says. Default: none. */
  readonly switches?: ProtocolSwitches
}

/** What a `routes` function registered. */
export interface CollectedRoutes {
  /** The services of all registered methods, each once, in the order of their registration. */
  readonly services: readonly DescService[]
  /** Every method, by its request path, `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, DescMethod>
  /** The calls on the router, in their order. */
  readonly registrations: readonly Registration[]
  /** Registers everything again, on a router that a lane serves. */
  mount(router: ConnectRouter, defaults: RouterDefaults): void
}

/** One call of `service` or `rpc` on a router. */
export interface Registration {
  readonly methods: readonly DescMethod[]
  mount(router: ConnectRouter, defaults: RouterDefaults): void
}

type ServiceOptions = Partial<ConnectRouterOptions>

/**
 * Collects. Handlers are made by the lane that serves them; Connect's router only checks the options here, as its handlers cost
 * more than everything else that a server keeps of a method.
 */
export function collectRoutes(routes: (router: ConnectRouter) => void): CollectedRoutes {
  const registrations: Registration[] = []
  const checker = createConnectRouter()
  const recorder: ConnectRouter = {
    get handlers() {
      const router = createConnectRouter()
      for (const registration of registrations) registration.mount(router, {})
      return router.handlers
    },
    service(service, implementation, options) {
      checker.service({ ...service, methods: [] }, implementation, options)
      registrations.push({
        methods: service.methods,
        mount: (router, defaults) => void router.service(service, implementation, mergeOptions(defaults, options)),
      })
      return recorder
    },
    rpc(method, implementation, options) {
      checker.service({ ...method.parent, methods: [] }, {}, options)
      registrations.push({
        methods: [method],
        mount: (router, defaults) => void router.rpc(method, implementation, mergeOptions(defaults, options)),
      })
      return recorder
    },
  }
  routes(recorder)
  return routesOf(registrations)
}

/** Puts routes behind others, as if one function had registered them all. */
export function joinRoutes(...all: readonly CollectedRoutes[]): CollectedRoutes {
  return routesOf(all.flatMap(({ registrations }) => registrations))
}

function routesOf(registrations: readonly Registration[]): CollectedRoutes {
  const methods = registrations.flatMap((registration) => registration.methods)
  return {
    services: [...new Set(methods.map(({ parent }) => parent))],
    methods: new Map(methods.map((method) => [`/${method.parent.typeName}/${method.name}`, method])),
    registrations,
    mount(router, defaults) {
      for (const registration of registrations) registration.mount(router, defaults)
    },
  }
}

/**
 * A service that has options of its own replaces those of the router in Connect, and gets every protocol. Here guards add up:
 * its interceptors and its gate run after those of the router, and a protocol that the router disables stays disabled.
 */
function mergeOptions(defaults: RouterDefaults, options: ServiceOptions | undefined): ServiceOptions {
  const requestGate = inOrder(defaults.requestGate, options?.requestGate)
  return {
    ...options,
    ...(requestGate === undefined ? {} : { requestGate }),
    interceptors: [...(defaults.interceptors ?? []), ...(options?.interceptors ?? [])],
    ...switchesOf(options, defaults.switches),
  }
}

/** Each switch of the router, off where either says so. */
export function switchesOf(options: object | undefined, switches: ProtocolSwitches = {}): ProtocolSwitches {
  const own = options as Readonly<Record<string, unknown>> | undefined
  return Object.fromEntries(Object.entries(switches).map(([name, isOn]) => [name, isOn && own?.[name] !== false]))
}

type RequestGate = NonNullable<ConnectRouterOptions['requestGate']>

/** The second gate sees no call that the first one refuses. */
function inOrder(first: RequestGate | undefined, second: RequestGate | undefined): RequestGate | undefined {
  if (first === undefined || second === undefined) return first ?? second
  return async (context) => {
    await first(context)
    await second(context)
  }
}
