/** The service of repeat/v1/repeat.proto: it returns what it received, and by which HTTP request. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import type { Planet, RepeatRequest, RepeatService } from '../../gen/repeat/v1/repeat_pb.js'

/** A planet that the .proto file does not have. */
export const UNKNOWN_PLANET = 77 as Planet

/** Every method. */
export const repeatService: ServiceImpl<typeof RepeatService> = {
  repeatBody: repeat,
  repeatPut: repeat,
  repeatPatch: repeat,
  repeatBodyField: repeat,
  repeatQuery: repeat,
  repeatPath: repeat,
  repeatResource: repeat,
  repeatTrailing: repeat,
  getPlanet: (request) => ({ request, planet: request.unknown ? UNKNOWN_PLANET : 3 }),
  checkPlanet: (report) => report,
}

function repeat(request: RepeatRequest, { requestMethod, url }: HandlerContext) {
  return { request, httpMethod: requestMethod, target: url.replace(/^https?:\/\/[^/]+/, '') }
}
