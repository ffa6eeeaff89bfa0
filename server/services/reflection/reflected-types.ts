/** What reflection shows, of one plugin or of several that share a port. */
import type { DescFile, DescService, Registry } from '@bufbuild/protobuf'
import { DescriptorIndex } from './descriptor-index.ts'

/** Filled before the first question; the index is built when that comes. */
export class ReflectedTypes {
  readonly #services: DescService[] = []
  readonly #files: DescFile[] = []
  #index: DescriptorIndex | null = null

  /** Lists the services, and shows their files. Those of a registry are shown too, and their services are not listed. */
  add(services: readonly DescService[], registry?: Registry): void {
    this.#services.push(...services)
    for (const type of registry ?? []) this.#files.push(type.file)
    this.#index = null
  }

  get index(): DescriptorIndex {
    this.#index ??= new DescriptorIndex(this.#services, this.#files)
    return this.#index
  }
}
