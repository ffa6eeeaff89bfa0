/** The methods that the user has been to, with what was typed and what came back, for one who returns. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { ConsoleFacts } from '../../../wire/console/console-facts.ts'
import type { Api } from '../api/api.ts'
import { CallForm } from './call-form.ts'
import { type CallPage, CallSession } from './call-session.ts'

/** The calls of the last so many methods are kept: each may have up to 64 MiB of messages. */
const MAX_CALLS = 4

/** One session for each method. */
export class CallSessions {
  /** By paths of methods; those that were asked for last come last. */
  readonly #kept = new Map<string, { readonly api: Api; readonly session: CallSession }>()
  readonly #page: CallPage

  constructor(page: CallPage) {
    this.#page = page
  }

  /** Returns the session of a method. Where the API has been loaded again, it has what was typed before. */
  of(method: DescMethod, facts: ConsoleFacts, api: Api): CallSession {
    const path = `${method.parent.typeName}/${method.name}`
    const before = this.#kept.get(path)
    this.#kept.delete(path)
    const session = before?.api === api ? before.session : this.#create(method, facts, api, before?.session)
    this.#kept.set(path, { api, session })
    for (const old of [...this.#kept.values()].slice(0, -MAX_CALLS)) old.session.forgetCall()
    return session
  }

  #create(method: DescMethod, facts: ConsoleFacts, api: Api, before: CallSession | undefined): CallSession {
    const session = new CallSession(new CallForm(method, facts, api.registry), this.#page)
    if (before !== undefined) {
      session.form.takeOver(before.form)
      session.link = before.link
    }
    return session
  }
}
