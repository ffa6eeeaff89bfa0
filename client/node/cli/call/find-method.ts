/** Finds the method that the user names. */
import type { DescMethod } from '@bufbuild/protobuf'
import { findService, instead, methodsNamed } from '../schema/find-service.ts'
import type { Schema } from '../schema/schema.ts'
import { isStandIn } from '../schema/stand-in.ts'
import { InputError, UsageError } from '../terminal/program-errors.ts'

/** `package.Service/Method`, or with a dot before the method. */
const METHOD_NAME = /^\/?([\w.]+)[/.](\w+)$/
const BARE_NAME = /^\w+$/

/**
 * Finds a method and the types of its messages.
 *
 * @throws UsageError if the name cannot be that of a method
 * @throws InputError for an unknown method, naming the known ones, and for a message type whose declaration is missing
 */
export async function findMethod(schema: Schema, name: string): Promise<DescMethod> {
  const [, serviceName, methodName] = METHOD_NAME.exec(name) ?? []
  if (serviceName === undefined || methodName === undefined) throw await notAMethod(schema, name)
  const service = await findService(schema, serviceName)
  const method = service.methods.find((candidate) => candidate.name === methodName)
  if (method === undefined) {
    const known = service.methods.map((candidate) => candidate.name)
    throw new InputError(`${serviceName} has no method ${methodName}${instead(methodName, known)}`)
  }
  const missing = [method.input, method.output].find(isStandIn)
  if (missing === undefined) return method
  throw new InputError(
    `${serviceName}/${methodName} needs the type ${missing.typeName}, which the schema does not have`,
  )
}

async function notAMethod(schema: Schema, name: string): Promise<UsageError> {
  const found = BARE_NAME.test(name) ? await methodsNamed(schema, name).catch(() => []) : []
  const hint = found.length === 0 ? ': write package.Service/Method' : `; did you mean ${found.join(' or ')}?`
  return new UsageError(`"${name}" is not a method${hint}`)
}
