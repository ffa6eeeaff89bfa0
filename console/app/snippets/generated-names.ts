/** The names and files of code that `protoc-gen-es` generates, for the imports of a program. */
import type { DescEnum, DescFile, DescMessage, DescService } from '@bufbuild/protobuf'
import { stringText } from './typescript-text.ts'

/** The identifiers to which the generator adds a dollar sign. */
const RESERVED = new Set(
  (
    'break case catch class const continue debugger default delete do else export extends false finally for function if import in ' +
    'instanceof new null return super switch this throw true try typeof var void while with yield enum implements interface let ' +
    'package private protected public static Object bigint number boolean string object globalThis Uint8Array Partial'
  ).split(' '),
)

/** Collects what a program imports. */
export class Imports {
  readonly #names = new Map<string, Set<string>>()

  /** Imports a name of a module. A type has `type ` before its name. Returns the name. */
  add(module: string, name: string): string {
    const names = this.#names.get(module) ?? new Set()
    this.#names.set(module, names.add(name))
    return name.replace('type ', '')
  }

  /** Imports a generated class or value. */
  addGenerated(desc: DescEnum | DescMessage | DescService, suffix: '' | 'Schema' = ''): string {
    return this.add(moduleOf(desc.file), generatedName(desc, suffix))
  }

  /** Returns the import declarations, packages first. */
  toString(): string {
    const modules = [...this.#names].sort(([a], [b]) => Number(a.startsWith('.')) - Number(b.startsWith('.')))
    return modules
      .map(([module, names]) => `import { ${[...names].sort(compareNames).join(', ')} } from ${stringText(module)}\n`)
      .join('')
  }
}

function compareNames(a: string, b: string): number {
  return a.replace('type ', '').toLowerCase() < b.replace('type ', '').toLowerCase() ? -1 : 1
}

function moduleOf({ name }: DescFile): string {
  return name.startsWith('google/protobuf/') ? '@bufbuild/protobuf/wkt' : `./gen/${name}_pb.js`
}

/** The names of nested types start with those of the messages around them. */
function generatedName({ typeName, file }: DescEnum | DescMessage | DescService, suffix: string): string {
  const packageName = file.proto.package
  const inPackage = packageName === '' ? typeName : typeName.slice(packageName.length + 1)
  const name = `${inPackage.replaceAll('.', '_')}${suffix}`
  return RESERVED.has(name) ? `${name}$` : name
}
