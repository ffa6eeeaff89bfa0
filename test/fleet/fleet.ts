/** The servers of a trial, and the file in which clients find their addresses. */
import { rename, writeFile } from 'node:fs/promises'
import { FleetMember, type MemberKind } from './fleet-member.ts'

/** Calls every healthy server in turn, and retries failed calls. */
const SERVICE_CONFIG = {
  loadBalancingConfig: [{ round_robin: {} }],
  healthCheckConfig: { serviceName: '' },
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: '0.01s',
        maxBackoff: '0.1s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
}

/** A changing set of servers. Disposing of it stops them all. */
export class Fleet implements AsyncDisposable {
  /** All servers, including stopped ones, in the order of their start. */
  readonly members: FleetMember[] = []
  readonly #serving = new Set<FleetMember>()
  readonly #file: string

  /** @param folder an empty one */
  constructor(folder: string) {
    this.#file = `${folder}/endpoints.json`
  }

  /** For transports. Call `publish` first. */
  get target(): string {
    return `file://${this.#file}`
  }

  /** The published servers. */
  get serving(): readonly FleetMember[] {
    return this.members.filter((member) => this.#serving.has(member))
  }

  /** Adds a server to the published ones, or removes it. */
  setServing(member: FleetMember, isServing: boolean): void {
    if (isServing) this.#serving.add(member)
    else this.#serving.delete(member)
  }

  /** Servers that are up but not announced yet. */
  async start(count: number, kind: MemberKind): Promise<FleetMember[]> {
    const first = this.members.length + 1
    const starting = Array.from({ length: count }, (_, index) => FleetMember.start(`s${first + index}`, kind))
    const started = await Promise.all(starting)
    this.members.push(...started)
    for (const member of started) this.#serving.add(member)
    return started
  }

  /** Publishes the servers in use. The file is replaced atomically, so that readers never see half of it. */
  async publish(): Promise<void> {
    const endpoints = [...this.#serving].map(({ address }) => address)
    await writeFile(`${this.#file}.new`, JSON.stringify({ endpoints, serviceConfig: SERVICE_CONFIG }))
    await rename(`${this.#file}.new`, this.#file)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member[Symbol.asyncDispose]()))
  }
}
