/** The file with the descriptors of all that a caller may see, behind what calls must pass. */
import type { ConnectError } from '@connectrpc/connect'
import { codeToHttpStatus, errorToJson } from '@connectrpc/connect/protocol-connect'
import type { FastifyReply } from 'fastify'
import { errorFields } from '../../wire/user-fields.ts'
import { FileContent } from '../files/file-content.ts'
import type { ReaderFile } from '../files/served-file.ts'
import { type ErrorLog, exposeError } from '../interceptors/call-outcome.ts'
import type { AdmitRequest } from '../routed/admit-request.ts'
import { type ReflectedTypes, type VisibleTypes, withImports } from '../services/reflection/descriptor-index.ts'
import { PAGE_HEADERS } from './page-files.ts'
import { type CommentTexts, writeDescriptors } from './write-descriptors.ts'

/** What the file is made of. */
export interface DescriptorsInit {
  readonly path: string
  /** What reflection shows. */
  readonly types: ReflectedTypes
  readonly comments: CommentTexts
  /** Refuses callers that may not see it. */
  readonly admit: AdmitRequest
  readonly log: ErrorLog
}

/** Callers that see the same share the content. */
export function descriptorsFile({ path, types, comments, admit, log }: DescriptorsInit): ReaderFile {
  const made = new WeakMap<VisibleTypes, Promise<FileContent>>()
  const contentOf = (visible: VisibleTypes) => {
    const known = made.get(visible)
    if (known !== undefined) return known
    const roots = [...visible.services.map(({ file }) => file), ...visible.files]
    const services = new Set(visible.services.map(({ typeName }) => typeName))
    const writing = writeDescriptors({ files: withImports(roots), services, comments })
    const making = writing.then((octets) => new FileContent(octets))
    making.catch(() => made.delete(visible))
    made.set(visible, making)
    return making
  }
  return {
    path,
    contentType: 'application/x-protobuf',
    headers: { ...PAGE_HEADERS, 'cache-control': 'private, no-cache' },
    isCompressed: true,
    content: async (request) => contentOf(await types.visibleTo(await admit(request))),
    fail: (error, reply) => refuse(error, reply, log),
  }
}

/** As a unary call of Connect is refused. */
function refuse(thrown: unknown, reply: FastifyReply, log: ErrorLog): FastifyReply {
  const error = exposeError(thrown, log)
  for (const { name, value } of fieldsOf(error, log)) reply.header(name, value)
  return reply
    .code(codeToHttpStatus(error.code))
    .headers({ ...PAGE_HEADERS, 'cache-control': 'no-store', 'content-type': 'application/json' })
    .send(JSON.stringify(errorToJson(error, undefined)))
}

/** What cannot be sent is a fault of the application, which must not keep the error from the caller. */
function fieldsOf(error: ConnectError, log: ErrorLog): readonly { readonly name: string; readonly value: string }[] {
  try {
    return errorFields(error)
  } catch (fault) {
    log.error({ err: fault }, 'response metadata cannot be sent')
    return []
  }
}
