/** The servers of a trial, and the place in which clients find their addresses. */
import { FleetMember, type MemberKind } from './fleet-member.ts'
import type { FleetPlace } from './fleet-place.ts'

/** A changing set of servers. Disposing of it stops them all. */
export class Fleet implements AsyncDisposable {
  /** All servers, including stopped ones, in the order of their start. */
  readonly members: FleetMember[] = []
  /** Call `publish` before transports look there. */
  readonly place: FleetPlace
  readonly #serving = new Set<FleetMember>()

  constructor(place: FleetPlace) {
    this.place = place
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

  /** Starts servers. They are not published yet, unless they list themselves. */
  async start(count: number, kind: MemberKind): Promise<FleetMember[]> {
    const first = this.members.length + 1
    const { serverArguments } = this.place
    const starting = Array.from({ length: count }, (_, index) =>
      FleetMember.start(`s${first + index}`, kind, serverArguments),
    )
    const started = await Promise.all(starting)
    this.members.push(...started)
    for (const member of started) this.#serving.add(member)
    return started
  }

  /** Publishes the servers in use. */
  async publish(): Promise<void> {
    await this.place.publish([...this.#serving].map(({ address }) => address))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member[Symbol.asyncDispose]()))
  }
}
