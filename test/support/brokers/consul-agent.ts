/** A Consul agent of one node, as the documents of its HTTP API describe it: services with TTL checks, and blocking queries. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type Clock, systemClock } from '../../../wire/http2/http2.ts'
import type { KeyedCertificate } from '../certificates.ts'
import { StrictHttp, type StrictRequest, sendJson } from './strict-http.ts'

/** What a test sets. */
export interface ConsulAgentOptions {
  /** The clock of TTLs and waits. */
  readonly clock?: Clock
  /** Requests need this token. Default: none needed. */
  readonly token?: string
  /** Serves HTTPS. */
  readonly certificate?: KeyedCertificate
}

type Status = 'passing' | 'warning' | 'critical'

/** A service definition, as clients send it. */
export interface AgentService {
  readonly ID: string
  readonly Name: string
  readonly Address?: string
  readonly Port?: number
  readonly Tags?: readonly string[]
  readonly Meta?: Readonly<Record<string, string>>
  readonly Weights?: { readonly Passing: number; readonly Warning: number }
  readonly Check?: AgentCheck
}

interface AgentCheck {
  readonly CheckID?: string
  readonly Name?: string
  readonly TTL?: string
  readonly Status?: Status
  readonly DeregisterCriticalServiceAfter?: string
}

interface Entry {
  readonly service: AgentService
  status: Status
  deadline: { cancel(): void } | null
}

const NODE = { ID: 'node-1', Node: 'node-1', Address: '127.0.0.9', Datacenter: 'dc1' }
const SERVICE_FIELDS = ['ID', 'Name', 'Address', 'Port', 'Tags', 'Meta', 'Weights', 'Check']
const CHECK_FIELDS = ['CheckID', 'Name', 'TTL', 'Status', 'DeregisterCriticalServiceAfter']
const TENANCY = ['ns', 'partition']

/** Keeps its state while it is stopped, unless `forget` is called. */
export class ConsulAgent {
  readonly http: StrictHttp
  readonly #clock: Clock
  readonly #token: string | undefined
  readonly #entries = new Map<string, Entry>()
  /** The index of the last change of each service. */
  readonly #indexes = new Map<string, number>()
  #index = 10
  #waiting = new Set<() => void>()

  static async start(options: ConsulAgentOptions = {}): Promise<ConsulAgent> {
    const agent = new ConsulAgent(options)
    await agent.http.start()
    return agent
  }

  private constructor({ clock = systemClock, token, certificate }: ConsulAgentOptions) {
    this.#clock = clock
    this.#token = token
    this.http = new StrictHttp((request, response) => this.#answer(request, response), certificate)
  }

  get address(): string {
    return this.http.origin
  }

  /** The registered services, with the status of their checks. */
  get services(): readonly (AgentService & { readonly status: Status })[] {
    return [...this.#entries.values()].map(({ service, status }) => ({ ...service, status }))
  }

  /** Registers a service, as another client would. */
  add(service: AgentService): void {
    this.remove(service.ID)
    const entry: Entry = { service, status: service.Check?.Status ?? 'passing', deadline: null }
    this.#entries.set(service.ID, entry)
    this.#watch(entry)
    this.#changed(service.Name)
  }

  /** Sets the status of a check, and starts its TTL again. */
  setStatus(id: string, status: Status): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) throw new Error(`there is no service ${id}`)
    const hasChanged = entry.status !== status
    entry.status = status
    this.#watch(entry)
    if (hasChanged) this.#changed(entry.service.Name)
  }

  remove(id: string): boolean {
    const entry = this.#entries.get(id)
    if (entry === undefined) return false
    entry.deadline?.cancel()
    this.#entries.delete(id)
    this.#changed(entry.service.Name)
    return true
  }

  /** Loses everything, as an agent whose data directory was removed. Indexes start anew. */
  forget(): void {
    for (const { deadline } of this.#entries.values()) deadline?.cancel()
    this.#entries.clear()
    this.#indexes.clear()
    this.#index = 1
  }

  /** Wakes all queries without a change, as a change of another service can. */
  touch(): void {
    this.#index += 1
    for (const name of this.#indexes.keys()) this.#indexes.set(name, this.#index)
    this.#wake()
  }

  async stop(): Promise<void> {
    await this.http.stop()
    for (const { deadline } of this.#entries.values()) deadline?.cancel()
  }

  #changed(name: string): void {
    this.#index += 1
    this.#indexes.set(name, this.#index)
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }

  /** A TTL that runs out makes the check critical; a check that stays critical removes its service. */
  #watch(entry: Entry): void {
    entry.deadline?.cancel()
    entry.deadline = null
    const { ID, Check } = entry.service
    if (Check?.TTL === undefined) return
    const reap = () => {
      const afterMs = milliseconds(Check.DeregisterCriticalServiceAfter ?? '')
      if (afterMs > 0) entry.deadline = this.#clock.schedule(() => this.remove(ID), afterMs)
    }
    if (entry.status === 'critical') {
      reap()
      return
    }
    entry.deadline = this.#clock.schedule(() => {
      entry.status = 'critical'
      this.#changed(entry.service.Name)
      reap()
    }, milliseconds(Check.TTL))
  }

  #answer(request: StrictRequest, response: ServerResponse): Promise<void> | void {
    if (this.#token !== undefined && request.headers['x-consul-token'] !== this.#token) {
      return void response.writeHead(403).end('ACL not found')
    }
    const { method, path } = request
    const [, kind = '', id = ''] = /^\/v1\/(.+)\/([^/]+)$/.exec(path) ?? []
    const name = decodeURIComponent(id)
    if (method === 'PUT' && path === '/v1/agent/service/register') return this.#register(request, response)
    if (method === 'PUT' && kind === 'agent/check/update') return this.#update(request, response, name)
    if (method === 'PUT' && kind === 'agent/service/deregister') return this.#deregister(request, response, name)
    if (method === 'GET' && kind === 'health/service') return this.#health(request, response, name)
    this.http.fault(`there is no ${method} ${path}`)
    response.writeHead(404).end()
  }

  #register(request: StrictRequest, response: ServerResponse): void {
    this.http.checkQuery(request, ['replace-existing-checks', ...TENANCY])
    const service: AgentService = JSON.parse(request.body)
    for (const fault of serviceFaults(service)) this.http.fault(`register: ${fault}`)
    this.add(service)
    response.end()
  }

  #update(request: StrictRequest, response: ServerResponse, checkId: string): void {
    this.http.checkQuery(request, TENANCY)
    const { Status, ...rest }: { Status: Status } = JSON.parse(request.body)
    if (!['passing', 'warning', 'critical'].includes(Status)) this.http.fault(`check/update: Status is ${Status}`)
    for (const name of Object.keys(rest)) if (name !== 'Output') this.http.fault(`check/update: ${name} is unknown`)
    const entry = [...this.#entries.values()].find(({ service }) => checkIdOf(service) === checkId)
    if (entry === undefined) return void response.writeHead(404).end(`Unknown check ID "${checkId}"`)
    this.setStatus(entry.service.ID, Status)
    response.end()
  }

  #deregister(request: StrictRequest, response: ServerResponse, id: string): void {
    this.http.checkQuery(request, TENANCY)
    if (this.remove(id)) response.end()
    else response.writeHead(404).end(`Unknown service ID "${id}"`)
  }

  async #health(request: StrictRequest, response: ServerResponse, name: string): Promise<void> {
    const { query } = request
    this.http.checkQuery(request, ['passing', 'index', 'wait', 'tag', 'dc', 'stale', ...TENANCY])
    const dc = query.get('dc') ?? NODE.Datacenter
    if (dc !== NODE.Datacenter) return void response.writeHead(500).end('No path to datacenter')
    const index = Number(query.get('index') ?? 0)
    if (query.has('wait') && index === 0) this.http.fault('health/service: a wait without an index')
    if (index > 0) await this.#change(name, index, milliseconds(query.get('wait') ?? '5m'), response)
    response.setHeader('x-consul-index', this.#indexOf(name))
    response.setHeader('x-consul-knownleader', 'true')
    sendJson(response, 200, this.#found(name, query))
  }

  /** Resolves when the index has passed another, after the wait and up to a sixteenth more, or when the client has gone. */
  async #change(name: string, index: number, waitMs: number, response: ServerResponse): Promise<void> {
    if (this.#indexOf(name) > index) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => {
      if (this.#indexOf(name) > index) resolve()
    }
    this.#waiting.add(wake)
    const timer = this.#clock.schedule(resolve, waitMs + Math.random() * (waitMs / 16))
    await Promise.race([promise, once(response, 'close')])
    timer.cancel()
    this.#waiting.delete(wake)
  }

  #indexOf(name: string): number {
    return this.#indexes.get(name) ?? this.#index
  }

  #found(name: string, query: URLSearchParams): unknown[] {
    const tags = query.getAll('tag')
    const entries = [...this.#entries.values()].filter(({ service, status }) => {
      const isChosen = service.Name === name && tags.every((tag) => service.Tags?.includes(tag))
      return isChosen && (status === 'passing' || !query.has('passing'))
    })
    return entries.map(({ service: { ID, Name, Check: _, ...rest }, status }) => ({
      Node: NODE,
      Service: {
        Address: '',
        Port: 0,
        Tags: [],
        Meta: {},
        Weights: { Passing: 1, Warning: 1 },
        ...rest,
        ID,
        Service: Name,
      },
      Checks: [{ CheckID: `service:${ID}`, Status: status, ServiceID: ID, ServiceName: Name }],
    }))
  }
}

function checkIdOf({ ID, Check }: AgentService): string {
  return Check?.CheckID ?? `service:${ID}`
}

/** What an agent would reject, ignore or change. */
function serviceFaults(service: AgentService): string[] {
  const { Name, Port = 0, Weights, Meta = {}, Check = {} } = service
  const meta = Object.entries(Meta)
  const checks: [boolean, string][] = [
    ...Object.keys(service).map((name): [boolean, string] => [SERVICE_FIELDS.includes(name), `${name} is unknown`]),
    ...Object.keys(Check).map((name): [boolean, string] => [CHECK_FIELDS.includes(name), `Check.${name} is unknown`]),
    [Name !== '', 'Name is missing'],
    [Port >= 1 && Port <= 65_535, `Port is ${Port}`],
    [
      Weights === undefined || (Weights.Passing >= 1 && Weights.Passing <= 65_535),
      `Weights: ${JSON.stringify(Weights)}`,
    ],
    [meta.length <= 64, 'Meta has more than 64 keys'],
    ...meta.map(([name, value]): [boolean, string] => [
      /^[\w-]{1,128}$/.test(name) && typeof value === 'string' && value.length <= 512,
      `Meta.${name} is ${value}`,
    ]),
    [milliseconds(Check.TTL ?? '') > 0, `Check.TTL is ${Check.TTL}`],
    [milliseconds(Check.DeregisterCriticalServiceAfter ?? '1m') >= 60_000, 'deregistered before a minute'],
  ]
  return checks.flatMap(([isFine, fault]) => (isFine ? [] : [fault]))
}

/** Reads a duration of Go with one unit. */
function milliseconds(text: string): number {
  const [, count = '0', unit = ''] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? []
  return Number(count) * ({ ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit] ?? 0)
}
