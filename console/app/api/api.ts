/** The API of the server: its descriptors, as the page browses them. */
import {
  createFileRegistry,
  type DescEnum,
  type DescMessage,
  type DescMethod,
  type DescService,
  type FileRegistry,
  fromBinary,
} from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

/** All types and services that the server has told of. */
export interface Api {
  readonly registry: FileRegistry
  /** By name. */
  readonly services: readonly DescService[]
  /** Returns a method by `package.Service/Method`; undefined if the API has none. */
  methodOf(path: string): DescMethod | undefined
}

/** A declaration that has a page. */
export type Declaration = DescService | DescMethod | DescMessage | DescEnum

/**
 * Reads a `google.protobuf.FileDescriptorSet`.
 *
 * @throws Error if it is not one, or lacks a file that another one imports
 */
export function loadApi(octets: Uint8Array): Api {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, octets))
  const services = [...registry].filter((type) => type.kind === 'service')
  services.sort((a, b) => (a.typeName < b.typeName ? -1 : 1))
  return {
    registry,
    services,
    methodOf(path) {
      const [service = '', ...rest] = path.split('/')
      const name = rest.join('/')
      return registry.getService(service)?.methods.find((method) => method.name === name)
    },
  }
}

/** Returns `package.Service/Method`. */
export function pathOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`
}
