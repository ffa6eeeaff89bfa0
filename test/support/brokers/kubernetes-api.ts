/** The EndpointSlices of a Kubernetes API server, as its API concepts describe them: lists in pages, watches, server-side apply. */
import type { ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import type { KeyedCertificate } from '../certificates.ts'
import { StrictHttp, type StrictRequest, sendJson } from './strict-http.ts'

/** What a test sets. */
export interface KubernetesApiOptions {
  /** Requests need one of these tokens. Default: none needed. */
  readonly tokens?: ReadonlySet<string>
  /** Serves HTTPS. */
  readonly certificate?: KeyedCertificate
  /** The most slices of a page, also if a client allows more. Default: what the client allows. */
  readonly pageSlices?: number
}

/** An EndpointSlice, as clients send and receive it. */
export interface Slice {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly ownerReferences?: readonly { readonly uid: string }[]
    readonly resourceVersion?: string
  }
  readonly addressType?: string
  readonly endpoints?: readonly Readonly<Record<string, unknown> & { addresses: readonly string[] }>[] | null
  readonly ports?:
    | readonly { readonly name?: string | null; readonly port?: number; readonly protocol?: string }[]
    | null
}

interface StoredEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly namespace: string
  readonly object: Slice
  readonly version: number
}

interface Watcher {
  readonly response: ServerResponse
  readonly isFor: (event: Pick<StoredEvent, 'namespace' | 'object'>) => boolean
}

const PATH = /^\/apis\/discovery\.k8s\.io\/v1\/namespaces\/([^/]+)\/endpointslices(?:\/([^/]+))?$/

/** Keeps its objects while it is stopped. */
export class KubernetesApiServer {
  readonly http: StrictHttp
  /** What the client may do, as RBAC allows it. */
  readonly verbs = new Set(['list', 'watch', 'create', 'patch', 'delete'])
  /** How a watch hears that its resource version is too old. */
  goneAs: 'status' | 'event' = 'event'
  readonly #options: KubernetesApiOptions
  readonly #slices = new Map<string, { readonly namespace: string; readonly object: Slice }>()
  readonly #pages = new Map<string, { readonly rest: readonly Slice[]; readonly version: number }>()
  #events: StoredEvent[] = []
  #version = 100
  /** The oldest version that a watch can go on from. */
  #oldest = 100
  readonly #watchers = new Set<Watcher>()

  static async start(options: KubernetesApiOptions = {}): Promise<KubernetesApiServer> {
    const server = new KubernetesApiServer(options)
    await server.http.start()
    return server
  }

  private constructor(options: KubernetesApiOptions) {
    this.#options = options
    this.http = new StrictHttp((request, response) => this.#answer(request, response), options.certificate)
  }

  /** The open watches. */
  get watches(): number {
    return this.#watchers.size
  }

  /** All slices of a service. */
  slicesOf(service: string): readonly Slice[] {
    const objects = [...this.#slices.values()].map(({ object }) => object)
    return objects.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
  }

  /** Creates or replaces a slice, as a controller would. */
  put(namespace: string, slice: Slice): Slice {
    const key = `${namespace}/${slice.metadata.name}`
    const type = this.#slices.has(key) ? 'MODIFIED' : 'ADDED'
    return this.#store(key, { type, namespace, object: slice })
  }

  /** Removes a slice. Returns whether it was there. */
  remove(namespace: string, name: string): boolean {
    const key = `${namespace}/${name}`
    const stored = this.#slices.get(key)
    if (stored === undefined) return false
    this.#store(key, { type: 'DELETED', ...stored })
    return true
  }

  /** Removes what a pod owned, as the garbage collector does once the pod is gone. */
  collect(podUid: string): void {
    for (const { namespace, object } of [...this.#slices.values()]) {
      const { name, ownerReferences = [] } = object.metadata
      if (ownerReferences.some(({ uid }) => uid === podUid)) this.remove(namespace, name)
    }
  }

  /** Forgets past events, and the rest of lists that were read in part. */
  compact(): void {
    this.#events = []
    this.#oldest = this.#version
    this.#pages.clear()
  }

  /** Loses all slices without an event, as a restored backup does. */
  forget(): void {
    this.#slices.clear()
    this.#version += 1
    this.compact()
    this.endWatches()
  }

  /** Sends each watch the current version. */
  bookmark(): void {
    this.#version += 1
    this.sendLine({
      type: 'BOOKMARK',
      object: { kind: 'EndpointSlice', metadata: { resourceVersion: `${this.#version}` } },
    })
  }

  /** Sends an object to each watch as it is. */
  sendLine(event: object): void {
    this.sendOctets(Buffer.from(`${JSON.stringify(event)}\n`))
  }

  sendOctets(octets: Uint8Array): void {
    for (const { response } of this.#watchers) response.write(octets)
  }

  /** Ends watches as their timeout does. */
  endWatches(): void {
    for (const { response } of this.#watchers) response.end()
    this.#watchers.clear()
  }

  #store(key: string, { type, namespace, object }: Omit<StoredEvent, 'version'>): Slice {
    this.#version += 1
    const metadata = { ...object.metadata, resourceVersion: `${this.#version}` }
    const stored = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', ...object, metadata }
    if (type === 'DELETED') this.#slices.delete(key)
    else this.#slices.set(key, { namespace, object: stored })
    const event: StoredEvent = { type, namespace, object: stored, version: this.#version }
    this.#events.push(event)
    for (const watcher of this.#watchers) if (watcher.isFor(event)) send(watcher, event)
    return stored
  }

  #answer(request: StrictRequest, response: ServerResponse): void {
    const [, namespace, name] = PATH.exec(request.path) ?? []
    if (namespace === undefined) this.http.fault(`there is no ${request.path}`)
    const { tokens } = this.#options
    if (tokens !== undefined && !tokens.has(request.headers.authorization?.replace(/^Bearer /, '') ?? '')) {
      return void fail(response, 401, 'Unauthorized')
    }
    const verb = verbOf(request)
    if (verb === undefined)
      return void fail(response, 405, 'the server does not allow this method on the requested resource')
    if (!this.verbs.has(verb)) {
      return void fail(
        response,
        403,
        `endpointslices.discovery.k8s.io is forbidden: User "test" cannot ${verb} resource`,
      )
    }
    if (verb === 'list') return void this.#list(request, response, namespace ?? '')
    if (verb === 'watch') return void this.#watch(request, response, namespace ?? '')
    if (verb === 'patch') return void this.#apply(request, response, { namespace: namespace ?? '', name: name ?? '' })
    this.http.checkQuery(request, [])
    if (this.remove(namespace ?? '', name ?? ''))
      return void sendJson(response, 200, { kind: 'Status', status: 'Success' })
    fail(response, 404, `endpointslices.discovery.k8s.io "${name}" not found`)
  }

  #list(request: StrictRequest, response: ServerResponse, namespace: string): void {
    this.http.checkQuery(request, ['labelSelector', 'limit', 'continue'])
    const { query } = request
    const token = query.get('continue')
    const isFor = this.#selector(query, namespace)
    const stored = [...this.#slices.values()].filter(isFor).map(({ object }) => object)
    const state = token === null ? { rest: stored, version: this.#version } : this.#pages.get(token)
    if (state === undefined) return void fail(response, 410, 'The provided continue parameter is too old', 'Expired')
    const limit = Math.min(Number(query.get('limit') ?? '500'), this.#options.pageSlices ?? 500)
    const rest = state.rest.slice(limit)
    const next = rest.length === 0 ? '' : `page-${this.#pages.size + 1}=?&`
    if (next !== '') this.#pages.set(next, { rest, version: state.version })
    const metadata = { resourceVersion: `${state.version}`, ...(next !== '' && { continue: next }) }
    sendJson(response, 200, { kind: 'EndpointSliceList', metadata, items: state.rest.slice(0, limit) })
  }

  #watch(request: StrictRequest, response: ServerResponse, namespace: string): void {
    const known = ['labelSelector', 'watch', 'resourceVersion', 'allowWatchBookmarks', 'timeoutSeconds']
    this.http.checkQuery(request, known)
    const { query } = request
    for (const name of known) if (!query.has(name)) this.http.fault(`watch: ${name} is missing`)
    const from = Number(query.get('resourceVersion'))
    if (from < this.#oldest && this.goneAs === 'status')
      return void fail(response, 410, 'too old resource version', 'Expired')
    const watcher: Watcher = { response, isFor: this.#selector(query, namespace) }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    if (from < this.#oldest) {
      const object = {
        kind: 'Status',
        status: 'Failure',
        message: 'too old resource version',
        reason: 'Expired',
        code: 410,
      }
      return void response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
    }
    this.#watchers.add(watcher)
    response.once('close', () => this.#watchers.delete(watcher))
    for (const event of this.#events) if (event.version > from && watcher.isFor(event)) send(watcher, event)
  }

  #apply(
    request: StrictRequest,
    response: ServerResponse,
    { namespace, name }: { namespace: string; name: string },
  ): void {
    this.http.checkQuery(request, ['fieldManager', 'force'])
    const slice: Slice = JSON.parse(request.body)
    const before = this.#slices.get(`${namespace}/${name}`)?.object
    const type = request.headers['content-type']
    if (type !== 'application/apply-patch+yaml') this.http.fault(`apply: the content type is ${type}`)
    if (!request.query.get('fieldManager')) this.http.fault('apply: fieldManager is missing')
    for (const fault of sliceFaults(slice, name, before)) this.http.fault(`apply: ${fault}`)
    if (before === undefined && !this.verbs.has('create')) return void fail(response, 403, 'cannot create resource')
    // An apply that changes nothing makes no new version.
    const { resourceVersion: _, ...metadata } = before?.metadata ?? { name }
    const isSame = before !== undefined && JSON.stringify({ ...before, metadata }) === JSON.stringify(slice)
    sendJson(response, before === undefined ? 201 : 200, isSame ? before : this.put(namespace, slice))
  }

  #selector(query: URLSearchParams, namespace: string): Watcher['isFor'] {
    const [label = '', value = ''] = (query.get('labelSelector') ?? '').split('=')
    if (label !== 'kubernetes.io/service-name' || value === '')
      this.http.fault(`the labelSelector is ${label}=${value}`)
    return (event) => event.namespace === namespace && event.object.metadata.labels?.[label] === value
  }
}

function verbOf({ method, query }: StrictRequest): string | undefined {
  if (method === 'GET') return query.get('watch') === 'true' ? 'watch' : 'list'
  return { PATCH: 'patch', DELETE: 'delete' }[method]
}

function send({ response }: Watcher, { type, object }: StoredEvent): void {
  response.write(`${JSON.stringify({ type, object })}\n`)
}

function fail(response: ServerResponse, code: number, message: string, reason = ''): void {
  sendJson(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code })
}

/** What validation would reject. */
function sliceFaults(slice: Slice, name: string, before: Slice | undefined): string[] {
  const { apiVersion, kind, metadata, addressType, endpoints, ports } = slice
  const addresses = (endpoints ?? []).flatMap(({ addresses }) => addresses)
  const family = { IPv4: 4, IPv6: 6 }[addressType ?? '']
  const checks: [boolean, string][] = [
    [apiVersion === 'discovery.k8s.io/v1' && kind === 'EndpointSlice', `it is a ${apiVersion} ${kind}`],
    [metadata.name === name, `its name is ${metadata.name} and not ${name}`],
    [/^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/.test(name), `the name ${name} is no DNS subdomain`],
    [metadata.labels?.['endpointslice.kubernetes.io/managed-by'] !== undefined, 'managed-by is missing'],
    [before === undefined || before.addressType === addressType, 'addressType cannot change'],
    [
      addresses.length > 0 && addresses.every((address) => isIP(address) === family),
      `${addresses} is not ${addressType}`,
    ],
    [(ports ?? []).every(({ port = 0 }) => port >= 1 && port <= 65_535), `the ports are ${JSON.stringify(ports)}`],
  ]
  return checks.flatMap(([isFine, fault]) => (isFine ? [] : [fault]))
}
