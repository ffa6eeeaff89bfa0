/** Runs a user's `routes` function once and records its registrations, so that any lane can mount them. */
import { createRegistry, type DescFile, type DescMethod, type DescService, type Registry } from '@bufbuild/protobuf'
import { type ConnectRouter, createConnectRouter } from '@connectrpc/connect'
import { mergeOptions, type PorticoRouter, type RouterDefaults } from './service-options.ts'

/** What a `routes` function registered. */
export interface CollectedRoutes {
  /** The services of all registered methods, in order of registration, without duplicates. */
  readonly services: readonly DescService[]
  /** Every method, by its request path `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, DescMethod>
  /** The calls on the router, in order. */
  readonly registrations: readonly Registration[]
  /** Repeats the registrations on the router of a lane, with the defaults applied. */
  mount(router: ConnectRouter, defaults: RouterDefaults): void
  /** Repeats the registrations unchanged. */
  repeat(router: PorticoRouter): void
}

/** One call of `service` or `rpc` on a router. */
export interface Registration {
  readonly methods: readonly DescMethod[]
  mount(router: ConnectRouter, defaults: RouterDefaults): void
  repeat(router: PorticoRouter): void
}

/**
 * Records registrations. Connect's router is used only to check the options: the handlers that it would create cost
 * more memory than everything else that a server keeps per method, and each lane creates its own.
 *
 * @throws RangeError for a method that is registered twice, and for an async function, which would register too late
 */
export function collectRoutes(routes: (router: PorticoRouter) => void): CollectedRoutes {
  const { router, registrations } = createRecorder()
  const returned: unknown = routes(router)
  if (returned instanceof Promise) {
    returned.catch(() => {})
    throw new RangeError('portico: routes must not be async here: register services before it returns')
  }
  return routesOf(registrations)
}

/** Does the same for a function that may be async. */
export async function collectAsyncRoutes(routes: (router: PorticoRouter) => void): Promise<CollectedRoutes> {
  const { router, registrations } = createRecorder()
  await routes(router)
  return routesOf(registrations)
}

function createRecorder(): { router: PorticoRouter; registrations: readonly Registration[] } {
  const registrations: Registration[] = []
  const checker = createConnectRouter()
  const recorder: PorticoRouter = {
    get handlers() {
      const router = createConnectRouter()
      for (const registration of registrations) registration.mount(router, {})
      return router.handlers
    },
    service(service, implementation, options) {
      checker.service({ ...service, methods: [] }, implementation, mergeOptions(service.typeName, {}, options))
      registrations.push({
        methods: service.methods,
        mount: (router, defaults) =>
          void router.service(service, implementation, mergeOptions(service.typeName, defaults, options)),
        repeat: (router) => void router.service(service, implementation, options),
      })
      return recorder
    },
    rpc(method, implementation, options) {
      checker.service({ ...method.parent, methods: [] }, {}, mergeOptions(method.parent.typeName, {}, options))
      registrations.push({
        methods: [method],
        mount: (router, defaults) =>
          void router.rpc(method, implementation, mergeOptions(method.parent.typeName, defaults, options)),
        repeat: (router) => void router.rpc(method, implementation, options),
      })
      return recorder
    },
  }
  return { router: recorder, registrations }
}

/** Joins registrations, as if one `routes` function had made them all. */
export function joinRoutes(...all: readonly CollectedRoutes[]): CollectedRoutes {
  return routesOf(all.flatMap(({ registrations }) => registrations))
}

function routesOf(registrations: readonly Registration[]): CollectedRoutes {
  const all = registrations.flatMap((registration) => registration.methods)
  const methods = new Map<string, DescMethod>()
  for (const method of all) {
    const path = `/${method.parent.typeName}/${method.name}`
    if (methods.has(path)) throw registeredTwice(method)
    methods.set(path, method)
  }
  return {
    services: [...new Set(all.map(({ parent }) => parent))],
    methods,
    registrations,
    mount(router, defaults) {
      for (const registration of registrations) registration.mount(router, defaults)
    },
    repeat(router) {
      for (const registration of registrations) registration.repeat(router)
    },
  }
}

/**
 * Returns the error for a method that is registered twice.
 *
 * @param remedy what the user should do
 */
export function registeredTwice({ parent, name }: DescMethod, remedy = 'register it once'): RangeError {
  return new RangeError(`portico: ${parent.typeName} is registered twice (its method ${name}): ${remedy}`)
}

/**
 * Returns a registry of the services' files and all their imports, with the types that an application adds. JSON needs
 * it for google.protobuf.Any and for extensions.
 */
export function typeRegistryOf(services: readonly DescService[], added?: Registry): Registry {
  const files = new Set<DescFile>()
  for (const service of services) addWithImports(service.file, files)
  return createRegistry(...files, ...(added === undefined ? [] : [added]))
}

function addWithImports(file: DescFile, files: Set<DescFile>): void {
  if (files.has(file)) return
  files.add(file)
  for (const dependency of file.dependencies) addWithImports(dependency, files)
}
