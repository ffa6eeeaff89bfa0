/** The contract between a server and a registry, in which clients find the servers of a service. */
import type { Clock } from '../../wire/http2/http2.ts'

/** Facts about an instance that clients may use: policies know `weight` and `zone`, all others are passed on unchanged. */
export interface InstanceMetadata {
  /** Its share of calls relative to other instances; a whole number from 1 to 4,294,967,295. Default for clients: 1. */
  readonly weight?: number
  /** Where it runs: `eu-central-1a`. */
  readonly zone?: string
  /** The version of the program. */
  readonly version?: string
  readonly [name: string]: string | number | undefined
}

/** One server of a service. */
export interface ServiceInstance {
  /** The name of the service, which clients look up: `greeter`. */
  readonly service: string
  /** Distinguishes it from all other instances of the service, also from its own previous run. */
  readonly id: string
  /** The IP address or host name that clients connect to. */
  readonly host: string
  /** From 1 to 65,535. */
  readonly port: number
  /** Whether it expects TLS. */
  readonly isSecure: boolean
  readonly metadata: InstanceMetadata
}

/** What a server offers to a registrar. */
export interface RegistrarContext {
  /** The clock and timers that the registrar must use. */
  readonly clock: Clock
  /** Returns a number from 0 to below 1. */
  readonly random: () => number
  /** Receives a line for each change of state: registered, lost, registered again. Never one for each failed attempt. */
  readonly log: RegistrarLog
}

/** The part of a logger that registrars use. */
export interface RegistrarLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** Registers servers in one registry. Options, such as addresses and credentials, are those of the function that creates it. */
export interface Registrar {
  /** The name of the registry, for logs: `etcd`. */
  readonly name: string
  /**
   * Starts to keep an instance registered. Returns at once, and never throws or rejects because of the registry: while that cannot be
   * reached, it tries again with a backoff, and the server works without it.
   */
  register(instance: ServiceInstance, context: RegistrarContext): Registration
}

/** An instance that is kept registered. */
export interface Registration {
  /** Whether the registry has the instance, as far as is known. */
  readonly isRegistered: boolean
  /** Shows clients whether the instance wants calls: it is removed, or marked, until it serves again. True at first. */
  setServing(isServing: boolean): void
  /**
   * Removes the instance from the registry and stops everything. Resolves once it is removed, or cannot be within the time; never
   * rejects, as entries expire anyway. May be called again.
   */
  deregister(timeoutMs: number): Promise<void>
}
