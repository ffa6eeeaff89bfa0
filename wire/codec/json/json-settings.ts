/** What a codec of JSON depends on beside the type, and which types have functions of their own. */
import type { DescMessage, JsonReadOptions, JsonWriteStringOptions, Registry } from '@bufbuild/protobuf'
import { type CodecTask, countCodec } from '../codec-counts.ts'
import type { CodecKind } from '../codec-settings.ts'
import { whyNotGenerated } from '../function-source.ts'

/** Settings of a writer. */
export interface JsonWriterSettings {
  readonly kind: CodecKind
  /** The options of protobuf-es. Default: its own defaults. */
  readonly options?: Partial<JsonWriteStringOptions> | undefined
  /** Writes null for fields that are not set, as `addUnpopulated`. Implies `alwaysEmitImplicit`. Default: false. */
  readonly emitsUnpopulated?: boolean
}

/** Settings of a reader. */
export interface JsonReaderSettings {
  readonly kind: CodecKind
  /** The options of protobuf-es. Default: its own defaults. */
  readonly options?: Partial<JsonReadOptions> | undefined
  /** Maximum memory of a message and its JSON, in bytes. Default: unlimited. */
  readonly budgetBytes?: number
}

/** Whether functions are generated for a type. Counts the type. */
export function isCompiled(desc: DescMessage, task: CodecTask): boolean {
  const reason = whyNotGenerated(desc.fields.length)
  countCodec(task, reason === '' ? 'generated' : 'reflective', reason)
  return reason === ''
}

/** Stands for the absence of a registry, as the key of a WeakMap. */
const NO_REGISTRY: object = Object.freeze({})

/** Keeps one object for each registry, and each variant of the other options. */
export class BySettings<T> {
  readonly #known = new WeakMap<object, Map<string, T>>()

  /** Returns the object for these settings, which `make` makes at first. */
  get(registry: Registry | undefined, variant: string, make: () => T): T {
    const key = registry ?? NO_REGISTRY
    let variants = this.#known.get(key)
    if (variants === undefined) {
      variants = new Map()
      this.#known.set(key, variants)
    }
    let found = variants.get(variant)
    if (found === undefined) {
      found = make()
      variants.set(variant, found)
    }
    return found
  }
}
