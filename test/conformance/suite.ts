/** Which conformance suite is run: its Go module, and the version that is pinned for its program and its protos. */

/** The module that holds the runner, the reference peers and the protos. */
export const SUITE_MODULE = 'connectrpc.com/conformance'

/** The pinned version. After a change run `node test/generate.ts` and commit the result. */
export const SUITE_VERSION = 'v1.0.5'
