// Tokens: each that is wrong has its own code and sentence, whatever key the relay was given, and none opens anything.
import { createServer } from 'node:http'
import { once } from 'node:events'
import * as fc from 'fast-check'
import type { JWTPayload } from 'jose'
import { expect, test } from 'vitest'
import { isRefusal } from '../../server/live-grant.ts'
import type { LiveGrant } from '../../server/live-grant.ts'
import { presentedToken } from '../../server/presented-token.ts'
import { refusal, refusalCodes } from '../../server/refusals.ts'
import type { SignIn } from '../../server/sign-in.ts'
import { right } from '../../shared/message.ts'
import type { Refusal } from '../../shared/session-words.ts'
import {
  everything,
  keyPairs,
  keys,
  otherSecret,
  pem,
  secret,
  SignInPlace,
  tokenOf,
} from './sign-in-place.ts'

const write = right.read + right.write

async function granted(signIn: SignIn, token: string): Promise<LiveGrant> {
  const answer = await signIn.grantOf(token, {})
  if (isRefusal(answer)) throw new Error(answer.reason)
  return answer
}

async function refused(signIn: SignIn, token: string): Promise<Refusal> {
  const answer = await signIn.grantOf(token, {})
  if (!isRefusal(answer)) throw new Error('It was let in.')
  return answer
}

test('[S1] a token says who comes and which documents it opens, to read or to write', async () => {
  const place = new SignInPlace()
  const documents = [
    { pattern: 'story', rights: 'write' },
    { pattern: 'notes/*', rights: 'read' },
    { pattern: 'notes/mine/*', rights: 'write' },
  ]
  const claims = { sub: 'ana', tenant: 'acme', exp: place.seconds + 60, documents }
  const grant = await granted(await place.open({ keys }), await tokenOf(claims))
  expect(grant).toMatchObject({ tenant: 'acme', subject: 'ana', expiresAt: place.now + 65_000 })
  expect(grant.mayAdminister).toBe(false)
  expect(['story', 'story2', 'notes', 'notes/a', 'notes/mine/a'].map((name) => grant.rightsOf(name))).toEqual(
    [write, 0, 0, right.read, write],
  )
})

type Fault = {
  readonly key?: string
  readonly alg?: string
  readonly exp?: number
  readonly nbf?: number
  readonly iss?: string
  readonly aud?: string
}

/** Times are seconds from now. */
const wrong: Readonly<Record<string, string | Fault>> = {
  'no-token': '',
  'token-malformed': 'not.a.token',
  'token-too-long': 'x'.repeat(20_000),
  'token-signature': { key: otherSecret },
  'token-algorithm': { alg: 'HS384' },
  'token-expired': { exp: -6 },
  'token-not-yet-valid': { nbf: 6 },
  'token-issuer': { iss: 'somebody else' },
  'token-audience': { aud: 'another service' },
}

function faultyToken(place: SignInPlace, good: JWTPayload, fault: Fault): Promise<string> {
  const { exp, nbf, key = secret, alg = 'HS256', ...claims } = fault
  const times = {
    ...(exp === undefined ? {} : { exp: place.seconds + exp }),
    ...(nbf === undefined ? {} : { nbf: place.seconds + nbf }),
  }
  return tokenOf({ ...good, ...claims, ...times }, key, { alg })
}

test('[S1] each wrong token has its own code and a sentence, and repeats nothing of the token', async () => {
  const place = new SignInPlace()
  const signIn = await place.open({ keys, issuer: 'us', audience: 'syncline' })
  const good = { sub: 'ana', iss: 'us', aud: 'syncline', documents: everything }
  await granted(signIn, await tokenOf(good))
  for (const [code, fault] of Object.entries(wrong)) {
    const token = typeof fault === 'string' ? fault : await faultyToken(place, good, fault)
    const answer = await refused(signIn, token)
    expect(answer).toMatchObject({ code, isPassing: false })
    if (token !== '') expect(answer.reason).not.toContain(token)
  }
  expect(place.refusals).toEqual(Object.keys(wrong))
})

test('[S1] every refusal is whole sentences and a code, and fits into a close frame', () => {
  for (const code of refusalCodes) {
    const { reason } = refusal(code)
    expect(reason).toMatch(/^[A-Z].*[.?] \([a-z-]+\)$/)
    expect(Buffer.byteLength(reason), reason).toBeLessThanOrEqual(123)
  }
})

test('[S1] clocks may be apart by the tolerance, and no more', async () => {
  const place = new SignInPlace()
  const signIn = await place.open({ keys })
  await granted(signIn, await tokenOf({ sub: 'ana', exp: place.seconds - 4, documents: everything }))
  await granted(signIn, await tokenOf({ sub: 'ana', nbf: place.seconds + 4, documents: everything }))
})

test.each([
  ['no subject', { documents: everything }],
  ['an empty subject', { sub: '', documents: everything }],
  ['a subject that is too long', { sub: 'x'.repeat(1025), documents: everything }],
  ['half a surrogate pair', { sub: 'a\ud800', documents: everything }],
  ['a tenant that is no text', { sub: 'ana', tenant: 7, documents: everything }],
  ['no documents, and nobody else to ask', { sub: 'ana' }],
  ['documents that are no list', { sub: 'ana', documents: 'story' }],
  ['an unknown right', { sub: 'ana', documents: [{ pattern: 'story', rights: 'own' }] }],
  ['a star in the middle', { sub: 'ana', documents: [{ pattern: 'a*b', rights: 'read' }] }],
  ['an end beyond all times', { sub: 'ana', exp: 1e300, documents: everything }],
  ['an admin that is no yes or no', { sub: 'ana', admin: 'yes', documents: everything }],
])('[S1] a signed token with %s is refused for its claims', async (_, claims) => {
  const signIn = await new SignInPlace().open({ keys })
  expect(await refused(signIn, await tokenOf(claims))).toMatchObject({ code: 'token-claims' })
})

test('[S1] a key is used in the ways that fit it: not a public key as a secret, not none at all', async () => {
  const { rsa, ec, ed } = keyPairs()
  const place = new SignInPlace()
  const claims = { sub: 'ana', documents: everything }
  for (const [pair, alg] of [
    [rsa, 'RS256'],
    [rsa, 'PS512'],
    [ec, 'ES256'],
    [ed, 'EdDSA'],
  ] as const) {
    const signIn = await place.open({ keys: { kind: 'publicKey', key: pem(pair) } })
    await granted(signIn, await tokenOf(claims, pair.privateKey, { alg }))
    const jwk = JSON.stringify(pair.publicKey.export({ format: 'jwk' }))
    await granted(
      await place.open({ keys: { kind: 'publicKey', key: jwk } }),
      await tokenOf(claims, pair.privateKey, { alg }),
    )
    // Who knows the public key knows the «secret».
    expect(await refused(signIn, await tokenOf(claims, pem(pair)))).toMatchObject({ code: 'token-algorithm' })
    const [header, payload] = (await tokenOf(claims)).split('.')
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
    expect(header).toBeDefined()
    expect(await refused(signIn, unsigned)).toMatchObject({ code: 'token-algorithm' })
  }
  const ecOnly = await place.open({ keys: { kind: 'publicKey', key: pem(ec) } })
  const other = await tokenOf(claims, rsa.privateKey, { alg: 'RS256' })
  expect(await refused(ecOnly, other)).toMatchObject({ code: 'token-algorithm' })
})

test('[S1] keys of a set are fetched once, and again for an unknown one, but not for each', async () => {
  const { rsa, ec } = keyPairs()
  let fetched = 0
  const server = createServer((_request, response) => {
    fetched += 1
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'one' }] }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const place = new SignInPlace()
  const signIn = await place.open({ keys: { kind: 'jwks', address: `http://127.0.0.1:${port}/keys` } })
  const claims = { sub: 'ana', documents: everything }
  const known = await tokenOf(claims, rsa.privateKey, { alg: 'RS256', kid: 'one' })
  for (let n = 0; n < 5; n++) await granted(signIn, known)
  expect(fetched).toBe(1)
  const unknown = await tokenOf(claims, ec.privateKey, { alg: 'ES256', kid: 'two' })
  for (let n = 0; n < 5; n++) {
    expect(await refused(signIn, unknown)).toMatchObject({ code: 'token-key-unknown', isPassing: false })
  }
  expect(fetched).toBeLessThanOrEqual(2)
  const forged = await tokenOf(claims, ec.privateKey, { alg: 'ES256', kid: 'one' })
  expect(await refused(signIn, forged)).toMatchObject({ code: 'token-key-unknown' })
  expect(await refused(signIn, await tokenOf(claims))).toMatchObject({ code: 'token-algorithm' })
  server.close()
  await once(server, 'close')
})

test('[L1] a key set that cannot be fetched is nobody’s fault: come back', async () => {
  const place = new SignInPlace()
  const signIn = await place.open({ keys: { kind: 'jwks', address: 'http://127.0.0.1:9/keys' } })
  const { rsa } = keyPairs()
  const token = await tokenOf({ sub: 'ana', documents: everything }, rsa.privateKey, {
    alg: 'RS256',
    kid: 'k',
  })
  expect(await refused(signIn, token)).toMatchObject({ code: 'keys-unreachable', isPassing: true })
  expect(place.notices).toMatchObject([{ code: 'keys-unreachable' }])
})

test('[W1] any text that is shown for a token gives a refusal with one of the codes', async () => {
  const place = new SignInPlace()
  const signIn = await place.open({ keys })
  const base64 = fc.string({ unit: 'binary' }).map((text) => Buffer.from(text).toString('base64url'))
  const header = fc.json().map((json) => Buffer.from(json).toString('base64url'))
  const likeToken = fc.tuple(fc.oneof(header, base64), fc.oneof(header, base64), base64)
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    likeToken.map((parts) => parts.join('.')),
  )
  await fc.assert(
    fc.asyncProperty(text, async (token) => {
      expect(refusalCodes).toContain((await refused(signIn, token)).code)
    }),
    { numRuns: 500 },
  )
})

test('[W1] any claims that are signed give a grant within bounds or a refusal', async () => {
  const signIn = await new SignInPlace().open({ keys })
  const claim = fc.oneof(fc.jsonValue(), fc.double(), fc.string({ unit: 'binary' }), fc.constant(everything))
  const claims = fc.record(
    { sub: claim, tenant: claim, jti: claim, iat: claim, admin: claim, documents: claim },
    { requiredKeys: [] },
  )
  await fc.assert(
    fc.asyncProperty(claims, async (some) => {
      const token = await tokenOf(JSON.parse(JSON.stringify(some)))
      const answer = await signIn.grantOf(token, {})
      if (isRefusal(answer)) return
      expect(typeof answer.subject).toBe('string')
      expect(answer.rightsOf('story')).toBeLessThanOrEqual(write)
      expect(Number.isSafeInteger(answer.rightsVersion)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('[S1] a pattern is a whole name, or a beginning: all patterns together give the rights', async () => {
  const signIn = await new SignInPlace().open({ keys })
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 4 })
  const entry = fc.record({
    name,
    isBeginning: fc.boolean(),
    rights: fc.constantFrom('read' as const, 'write' as const),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(entry), name, async (entries, document) => {
      const documents = entries.map(({ name: pattern, isBeginning, rights }) => ({
        pattern: isBeginning ? `${pattern}*` : pattern,
        rights,
      }))
      const grant = await granted(signIn, await tokenOf({ sub: 'ana', documents }))
      const fitting = entries.filter((one) =>
        one.isBeginning ? document.startsWith(one.name) : document === one.name,
      )
      const expected = fitting.some(({ rights }) => rights === 'write')
        ? write
        : fitting.length > 0
          ? right.read
          : 0
      expect(grant.rightsOf(document)).toBe(expected)
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['/story', {}, ''],
  ['/story?token=abc', {}, 'abc'],
  ['/story?a=b&token=a%2Bc', {}, 'a+c'],
  ['/story', { cookie: 'a=b; syncline_token=abc; c=d' }, 'abc'],
  ['/story', { cookie: 'not_syncline_token=abc' }, ''],
  ['/story', { authorization: 'Bearer abc' }, 'abc'],
  ['/story', { authorization: 'Basic abc' }, ''],
  ['/story?token=one', { cookie: 'syncline_token=two', authorization: 'Bearer three' }, 'one'],
])('[S1] of %s with %j the token is «%s»', (url, headers, token) => {
  expect(presentedToken(url, headers)).toBe(token)
})

test('[S1] a socket that says an empty token is known by its cookie', async () => {
  const signIn = await new SignInPlace().open({ keys })
  const token = await tokenOf({ sub: 'ana', documents: everything })
  expect(await signIn.grantOf('', { cookie: `syncline_token=${token}` })).toMatchObject({ subject: 'ana' })
})
