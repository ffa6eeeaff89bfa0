/** Finds the method that a person names. */
import type { DescMethod, FileRegistry } from '@bufbuild/protobuf'
import { UsageError } from '../arguments/usage-error.ts'
import { findService, instead, type SchemaSource } from '../schema/schema-source.ts'
import { InputError } from '../terminal/input-error.ts'

/** `package.Service/Method`, or with a dot before the method. */
const METHOD_NAME = /^\/?([\w.]+)[/.](\w+)$/

/**
 * Finds a method, and the types that it needs.
 *
 * @throws UsageError when the name cannot be that of a method
 * @throws InputError naming what there is instead, when there is no such method
 */
export async function findMethod(source: SchemaSource, name: string): Promise<[DescMethod, FileRegistry]> {
  const [, serviceName, methodName] = METHOD_NAME.exec(name) ?? []
  if (serviceName === undefined || methodName === undefined) {
    throw new UsageError(`"${name}" is no method: write package.Service/Method`)
  }
  const [service, registry] = await findService(source, serviceName)
  const method = service.methods.find((candidate) => candidate.name === methodName)
  if (method !== undefined) return [method, registry]
  const known = service.methods.map((candidate) => candidate.name)
  throw new InputError(`${serviceName} has no method ${methodName}${instead(methodName, known)}`)
}
