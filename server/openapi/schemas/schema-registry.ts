/** The schemas of a document that have names, each of which is written once per form of JSON. */
import type { DescEnum, DescMessage } from '@bufbuild/protobuf'
import type { Schema } from '../model/document.ts'
import { FORM_NAMES, type JsonForm } from './json-form.ts'

/** Where components are. */
export const COMPONENT = '#/components/schemas/'

/** Separates the type from the form in references, until the document is complete. No name of protobuf has it. */
const MARK = '@'

/** A type in a form. */
export interface NamedSchema {
  readonly type: DescMessage | DescEnum
  readonly form: JsonForm
}

/** Collects schemas, and joins those of a type that are equal in several forms. */
export class SchemaRegistry {
  readonly #schemas = new Map<string, Schema | null>()
  readonly #pending: NamedSchema[] = []

  /** Returns a reference to the schema of a type, which is to be written. */
  refTo(type: DescMessage | DescEnum, form: JsonForm): Schema {
    const key = `${type.typeName}${MARK}${form.name}`
    if (!this.#schemas.has(key)) {
      this.#schemas.set(key, null)
      this.#pending.push({ type, form })
    }
    return { $ref: COMPONENT + key }
  }

  /** Writes the schemas that references lead to, and those that they lead to in turn. */
  writeAll(write: (named: NamedSchema) => Schema): void {
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      this.#schemas.set(`${next.type.typeName}${MARK}${next.form.name}`, write(next))
    }
  }

  /**
   * Names the schemas. A type whose schema is the same in all forms has its own name. Of several schemas the first has it, in the order
   * of {@link FORM_NAMES}, and the others have a suffix such as `-request`.
   *
   * @returns the components by name, sorted, and a function that replaces the references in any part of the document
   */
  finish(): { readonly schemas: Readonly<Record<string, Schema>>; rename<T>(part: T): T } {
    const classes = this.#classes()
    const names = new Map<string, string>()
    const groups = new Map<string, string>()
    const taken = new Set<string>()
    for (const key of this.#sortedKeys()) {
      const [typeName = '', form = ''] = key.split(MARK)
      const group = `${typeName}${MARK}${classes.get(key)}`
      const name = groups.get(group) ?? freeName(typeName, form, taken)
      groups.set(group, name)
      taken.add(name)
      names.set(key, name)
    }
    const rename = <T>(part: T): T => renameRefs(part, names)
    const schemas = new Map<string, Schema>()
    for (const [key, name] of names) if (!schemas.has(name)) schemas.set(name, rename(this.#schemas.get(key) ?? {}))
    return { schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))), rename }
  }

  #sortedKeys(): string[] {
    const place = (key: string) => FORM_NAMES.findIndex((name) => key.endsWith(MARK + name))
    return [...this.#schemas.keys()].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
  }

  /**
   * Numbers the schemas so that those of a type with the same number are equal, with all that they lead to. At first all of a type
   * count as equal, and then those part that differ or lead to different ones, until no more do.
   */
  #classes(): ReadonlyMap<string, number> {
    let classes = new Map<string, number>([...this.#schemas.keys()].map((key) => [key, 0]))
    for (let count = 0; ; ) {
      const numbers = new Map<string, number>()
      const next = new Map<string, number>()
      for (const [key, schema] of this.#schemas) {
        const text = key.split(MARK)[0] + classText(schema, classes)
        if (!numbers.has(text)) numbers.set(text, numbers.size)
        next.set(key, numbers.get(text) ?? 0)
      }
      if (numbers.size === count) return next
      count = numbers.size
      classes = next
    }
  }
}

function freeName(typeName: string, form: string, taken: ReadonlySet<string>): string {
  const names = [typeName, `${typeName}-${form.replace('connect-', '')}`]
  return names.find((name) => !taken.has(name)) ?? `${typeName}-${form}`
}

function classText(schema: Schema | null, classes: ReadonlyMap<string, number>): string {
  return JSON.stringify(schema, (key, value: unknown) => {
    if (key !== '$ref' || typeof value !== 'string') return value
    const target = value.slice(COMPONENT.length)
    return `${target.split(MARK)[0]}${MARK}${classes.get(target)}`
  })
}

function renameRefs<T>(part: T, names: ReadonlyMap<string, string>): T {
  if (Array.isArray(part)) return part.map((each) => renameRefs(each, names)) as T
  if (typeof part !== 'object' || part === null) return part
  const entries = Object.entries(part).map(([key, value]) => {
    const name = key === '$ref' && typeof value === 'string' ? names.get(value.slice(COMPONENT.length)) : undefined
    return [key, name === undefined ? renameRefs(value, names) : COMPONENT + name]
  })
  return Object.fromEntries(entries) as T
}
