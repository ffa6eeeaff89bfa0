/** Looks up the config of a method. */
import type { MethodConfig, MethodConfigs } from './method-config.ts'

/** The config of methods without one. */
export const EMPTY_METHOD_CONFIG: MethodConfig = Object.freeze({
  waitForReady: undefined,
  timeoutMs: undefined,
  maxRequestBytes: undefined,
  maxResponseBytes: undefined,
  retryPolicy: null,
  hedgingPolicy: null,
})

/** Only the most specific entry applies: that of the method, else of its service, else the default. */
export class MethodConfigTable implements MethodConfigs {
  readonly #byName: ReadonlyMap<string, MethodConfig>

  /** @param byName configs, by {@link methodConfigKey} */
  constructor(byName: ReadonlyMap<string, MethodConfig>) {
    this.#byName = byName
  }

  find(path: string): MethodConfig {
    const service = path.slice(0, path.lastIndexOf('/') + 1)
    return this.#byName.get(path) ?? this.#byName.get(service) ?? this.#byName.get('') ?? EMPTY_METHOD_CONFIG
  }
}

/** Returns `/package.Service/Method`, `/package.Service/` for all methods of a service, or the empty string for all methods. */
export function methodConfigKey(service: string, method: string): string {
  return service === '' ? '' : `/${service}/${method}`
}
