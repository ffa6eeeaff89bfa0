/** A greeter that echoes its input, in all four kinds of method. */
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { untilAborted } from './until-aborted.ts'

/** Text that is hard to carry in `grpc-message`. */
export const ERROR_TEXT = 'tab\tnewline\n☺, 𝄞 and 100 %'

/**
 * Fields `echo-*` are returned as headers of the response, and as trailers `late-echo-*`. What is named `fail` fails, a stream after
 * its messages; what is named `wait` ends with its caller; `timeout` returns the deadline as received.
 */
export function echoRoutes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello({ name }, context) {
      echoHead(context)
      echoTrailers(context)
      if (name === 'fail') throw new ConnectError(ERROR_TEXT, Code.DataLoss, { 'x-error': 'meta' })
      if (name === 'wait') return untilAborted(context.signal)
      if (name === 'timeout') return { message: context.requestHeader.get('grpc-timeout') ?? 'none' }
      return { message: `Hello ${name}` }
    },
    async *getStream({ topic, limit }, context) {
      echoHead(context)
      for (let i = 0; i < limit; i++) yield { topic, sequence: BigInt(i), data: topic }
      echoTrailers(context)
      if (topic === 'fail') throw new ConnectError('after all', Code.Aborted, { 'x-error': 'meta' })
      if (topic === 'wait') await untilAborted(context.signal)
    },
    async putStream(messages) {
      let accepted = 0n
      for await (const { data } of messages) {
        if (data === 'fail') throw new ConnectError('enough', Code.FailedPrecondition)
        accepted++
      }
      return { accepted }
    },
    async *allStream(messages) {
      for await (const { topic, data } of messages) yield { topic, data: data.toUpperCase() }
    },
  })
}

function echoHead({ requestHeader, responseHeader }: HandlerContext): void {
  for (const [key, value] of requestHeader) if (key.startsWith('echo-')) responseHeader.append(key, value)
}

function echoTrailers({ requestHeader, responseTrailer }: HandlerContext): void {
  for (const [key, value] of requestHeader) if (key.startsWith('echo-')) responseTrailer.append(`late-${key}`, value)
}
