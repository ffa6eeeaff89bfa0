/** Finds what a service config says about a method. */
import type { MethodConfig, MethodConfigs } from './method-config.ts'

/** What holds for a method that no config names. */
export const EMPTY_METHOD_CONFIG: MethodConfig = Object.freeze({
  waitForReady: undefined,
  timeoutMs: undefined,
  maxRequestBytes: undefined,
  maxResponseBytes: undefined,
  retryPolicy: null,
  hedgingPolicy: null,
})

/** The most specific entry alone counts: the method's, else its service's, else the default. */
export class MethodConfigTable implements MethodConfigs {
  readonly #byName: ReadonlyMap<string, MethodConfig>

  /** @param byName keys as {@link methodConfigKey} writes them */
  constructor(byName: ReadonlyMap<string, MethodConfig>) {
    this.#byName = byName
  }

  find(path: string): MethodConfig {
    const service = path.slice(0, path.lastIndexOf('/') + 1)
    return this.#byName.get(path) ?? this.#byName.get(service) ?? this.#byName.get('') ?? EMPTY_METHOD_CONFIG
  }
}

/** `/package.Service/Method`, `/package.Service/` for all methods of a service, the empty string for all there are. */
export function methodConfigKey(service: string, method: string): string {
  return service === '' ? '' : `/${service}/${method}`
}
