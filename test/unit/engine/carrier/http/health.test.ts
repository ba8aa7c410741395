import { describe, expect, it } from 'vitest';
import { CulvertError } from '../../../../../src-main/engine/base/errors.ts';
import { PathHealth } from '../../../../../src-main/engine/carrier/http/health.ts';

const error = new CulvertError('ERR_CARRIER_LOST', 'gone');

describe('PathHealth', () => {
  it('counts failures that were sent together as one', () => {
    const health = new PathHealth();
    for (let i = 0; i < 5; i++) health.failed(error, 1000 + i, 900);
    expect(health.failures).toBe(1);
    expect(health.doubtful).toBe(false);
    health.failed(error, 1100, 1050);
    expect(health.doubtful).toBe(true);
  });

  it('is dead after several failures that lasted, not before', () => {
    const health = new PathHealth();
    for (const at of [0, 100, 200, 300]) health.failed(error, at, at);
    expect(health.failures).toBe(4);
    expect(health.isDead(2900)).toBe(false);
    expect(health.isDead(3100)).toBe(true);
    health.good();
    expect(health.isDead(9000)).toBe(false);
    expect(health.last).toBeUndefined();
  });

  it('waits as long as a gateway asks, within reason, and does not count that as dying', () => {
    const health = new PathHealth();
    health.failed(error, 0, 0, 5000);
    expect(health.pausedUntil).toBe(5000);
    for (const at of [5000, 5100, 5200]) health.failed(error, at, at);
    expect(health.isDead(6000)).toBe(false);
    health.failed(error, 9000, 9000, 3_600_000);
    expect(health.pausedUntil).toBe(19_000);
  });
});
