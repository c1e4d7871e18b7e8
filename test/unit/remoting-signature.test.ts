import { describe, expect, it } from 'vitest';
import { signedFields } from '../../src/rocketmq/remoting/signature';

const account = { accessKey: 'canary-admin', secretKey: 's3cret/+key' };

describe('a signature', () => {
  it("is ali-ons 3.12's (Channel.beforeRequest) and Java's (AclClientRPCHook 4.9.7) over fields", () => {
    const fields = {
      topic: 'orders',
      queueId: '3',
      consumerGroup: 'group1_gray',
      Zeta: 'ü€𝒳',
      commitOffset: '0',
      OnsChannel: 'ALIYUN',
    };
    expect(signedFields(fields, Buffer.alloc(0), account)).toEqual({
      ...fields,
      AccessKey: 'canary-admin',
      Signature: 'c9lx93VmM8E/IJwBB1mOJ6n8OzE=',
    });
  });

  it("is ali-ons 3.12's over a body", () => {
    const fields = { OnsChannel: 'ALIYUN' };
    const body = Buffer.from('{"groupName":"grüppe"}');
    expect(signedFields(fields, body, account)).toMatchObject({ Signature: 'xHBtmvKOrE+IX1HGMNx2JlHLHLk=' });
  });

  it("is Java's (AclClientRPCHook 4.9.7) for a temporary account", () => {
    const body = Buffer.from('{"groupName":"grüppe"}');
    expect(signedFields({}, body, { ...account, securityToken: 'token-1' })).toEqual({
      AccessKey: 'canary-admin',
      SecurityToken: 'token-1',
      Signature: 'G00YbtRzv0YI12bCn99PrqsMwOk=',
    });
  });
});
