"""HJ 212: frames of monitoring stations (editions 2005, 2017, 2025 and surface-water practice).

Pure: no clock, no socket, no file. A gateway, a simulator, a command and a test use it alike.

==============  =====================================================================================
``frame``       ``FrameReader.receive(octets) -> [Frame | Rejected]``, ``encode(frame) -> octets``
``segment``     ``parse_segment``, ``read_fields``, ``group_fields``, ``build_segment``
``station``     ``Station`` (facts, pydantic), ``plan_station``, ``trust_station``, passwords
``message``     ``read_message(frame, plan, received_at=...) -> Message`` (readings, checks, problems)
``packages``    ``PackageJoiner.add(segment) -> [Upload]``: PNUM and PNO, bounded
``answer``      ``acknowledge(segment) -> frames`` (platform), ``answer_request`` (field)
``compose``     ``compose(sender, cn, qn, groups) -> frames``
``quirk``       ``Quirk``: every accepted deviation by name
``verdict``     ``RejectReason`` and the words for it
``view``        a frame as JSON or as text for a person, and JSON back to a frame
``feed``        recorded octets of a station as a source of observations
==============  =====================================================================================

A gateway's way::

    reader = FrameReader(Trust(), {mn: trust_station(station, keys) for ...})
    for item in reader.receive(octets):
        if isinstance(item, Rejected): dead letter (item.reason, item.detail, item.octets)
        segment = parse_segment(item.segment)
        plan = plans.get(segment.header.get("MN", ""))       # None: dead letter, unknown MN
        is_password_right(plan.station, segment.header.get("PW"))   # False: dead letter
        ... spool item.octets, fsync ...
        for answer in acknowledge(segment, crc=item.crc): send(encode(answer))
        message = read_message(item, plan, received_at=now)  # committer: readings, checks, refused
"""
