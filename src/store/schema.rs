//! The tables, as both sets of migrations create them. Edit this file by hand: a test compares it with both
//! databases. The migrations describe the columns.

diesel::table! {
    meta (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    data_keys (generation) {
        generation -> Integer,
        fingerprint -> Text,
        suite -> Text,
        blind_key -> Text,
        turned_to -> Nullable<Text>,
        begun_at -> Nullable<Timestamp>,
        finished_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    holiday_years (year) {
        year -> Integer,
        days -> Text,
        imported_at -> Timestamp,
    }
}

diesel::table! {
    number_sequences (name) {
        name -> Text,
        last -> BigInt,
    }
}

diesel::table! {
    candidates (id) {
        id -> Text,
        document_type -> Text,
        document_number -> Text,
        document_hash -> Text,
        name -> Text,
        phone -> Text,
        created_at -> Timestamp,
        signed_in_at -> Timestamp,
        portal_name -> Text,
        portal_phone -> Text,
        gender -> Text,
        born_on -> Nullable<Date>,
        education -> Text,
        portrait_id -> Nullable<Text>,
        name_hash -> Text,
        agreed_version -> Nullable<Integer>,
        agreed_purposes -> Text,
    }
}

diesel::table! {
    consents (id) {
        id -> Text,
        candidate_id -> Text,
        purpose -> Text,
        version -> Integer,
        given -> Bool,
        at -> Timestamp,
    }
}

diesel::table! {
    staff (id) {
        id -> Text,
        name -> Text,
        document_hash -> Text,
        document_mask -> Text,
        role -> Text,
        active -> Bool,
        created_at -> Timestamp,
        single_keys -> Bool,
        kinds -> Text,
    }
}

diesel::table! {
    audit_entries (id) {
        id -> Text,
        at -> Timestamp,
        staff_id -> Nullable<Text>,
        action -> Text,
        target -> Text,
        day -> Nullable<Date>,
        seq -> Nullable<BigInt>,
        previous -> Text,
        hash -> Text,
        candidate_id -> Nullable<Text>,
    }
}

diesel::table! {
    audit_head (id) {
        id -> Integer,
        day -> Date,
        seq -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    audit_cuts (id) {
        id -> Integer,
        day -> Date,
        seq -> BigInt,
        hash -> Text,
        entries -> BigInt,
        seal -> Text,
    }
}

diesel::table! {
    data_exports (id) {
        id -> Text,
        candidate_id -> Text,
        status -> Text,
        requested_at -> Timestamp,
        beat_at -> Timestamp,
        ready_at -> Nullable<Timestamp>,
        pieces -> Integer,
        size -> BigInt,
    }
}

diesel::table! {
    deletion_requests (id) {
        id -> Text,
        candidate_id -> Text,
        reason -> Text,
        requested_at -> Timestamp,
        status -> Text,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Nullable<Text>,
        answer -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        data -> Text,
        candidate_id -> Nullable<Text>,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    login_handshakes (id) {
        id -> Text,
        status -> Text,
        browser -> Text,
        phone -> Nullable<Text>,
        number -> Integer,
        device -> Text,
        address -> Text,
        stale_scans -> Integer,
        candidate_id -> Nullable<Text>,
        next_path -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        changed_at -> Timestamp,
        user_code -> Nullable<Text>,
        portal_address -> Nullable<Text>,
        staff_id -> Nullable<Text>,
        refusal -> Nullable<Text>,
    }
}

diesel::table! {
    portal_accounts (portal, subject_hash) {
        portal -> Text,
        subject_hash -> Text,
        candidate_id -> Text,
        name -> Text,
        phone -> Text,
        bound_at -> Timestamp,
        signed_in_at -> Timestamp,
    }
}

diesel::table! {
    identity_cases (id) {
        id -> Text,
        key_hash -> Text,
        reason -> Text,
        candidate_id -> Text,
        portal -> Text,
        subject_hash -> Nullable<Text>,
        name -> Text,
        document_type -> Text,
        document_number -> Text,
        document_hash -> Text,
        phone -> Text,
        verified -> Bool,
        attempts -> Integer,
        first_at -> Timestamp,
        last_at -> Timestamp,
        status -> Text,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Nullable<Text>,
        decision_reason -> Text,
    }
}

diesel::table! {
    security_events (id) {
        id -> Text,
        at -> Timestamp,
        kind -> Text,
        candidate_id -> Nullable<Text>,
        details -> Text,
    }
}

diesel::table! {
    account_notices (id) {
        id -> Text,
        candidate_id -> Text,
        kind -> Text,
        detail -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    known_devices (candidate_id, device) {
        candidate_id -> Text,
        device -> Text,
        seen_at -> Timestamp,
    }
}

diesel::table! {
    portal_attempts (id) {
        id -> Text,
        binding -> Text,
        verifier -> Text,
        nonce -> Text,
        next_path -> Text,
        expires_at -> Timestamp,
        status -> Text,
        ended_at -> Nullable<Timestamp>,
        ending -> Nullable<Text>,
        door -> Text,
    }
}

diesel::table! {
    login_denials (id) {
        id -> Text,
        candidate_id -> Nullable<Text>,
        network -> Nullable<Text>,
        denied_at -> Timestamp,
        paused_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    device_grants (handshake_id) {
        handshake_id -> Text,
        device_code -> Text,
        poll_seconds -> Integer,
        poll_at -> Timestamp,
    }
}

diesel::table! {
    announcements (id) {
        id -> Text,
        title -> Text,
        body -> Text,
        published_at -> Timestamp,
        version -> Integer,
        taken_down_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    office_texts (id) {
        id -> Text,
        name -> Text,
        kind -> Text,
        version -> Integer,
        body -> Text,
        staff_id -> Text,
        published_at -> Timestamp,
    }
}

diesel::table! {
    import_jobs (id) {
        id -> Text,
        kind -> Text,
        file_name -> Text,
        batch -> Bool,
        staff_id -> Text,
        status -> Text,
        running -> Nullable<Text>,
        beat_at -> Timestamp,
        created_at -> Timestamp,
        rows_done -> BigInt,
        percent -> Integer,
        summary -> Text,
        failure -> Text,
        storage_key -> Text,
        report -> Nullable<Text>,
    }
}

diesel::table! {
    exams (id) {
        id -> Text,
        code -> Text,
        name -> Text,
        category -> Text,
    }
}

diesel::table! {
    exam_subjects (id) {
        id -> Text,
        exam_id -> Text,
        level -> Text,
        specialty -> Text,
        subject -> Text,
        fee -> Integer,
        position -> Integer,
    }
}

diesel::table! {
    english_names (id) {
        id -> Text,
        exam_id -> Text,
        part -> Text,
        chinese -> Text,
        english -> Text,
    }
}

diesel::table! {
    sittings (id) {
        id -> Text,
        exam_id -> Text,
        month -> Text,
        check_opens_on -> Date,
        check_closes_on -> Date,
        held_on -> Date,
    }
}

diesel::table! {
    registrations (id) {
        id -> Text,
        holder_hash -> Text,
        holder_name -> Text,
        sitting_id -> Text,
        ticket_number -> Text,
        level -> Text,
        specialty -> Text,
        order_number -> Text,
        paid_at -> Nullable<Timestamp>,
        result -> Text,
        receipt_id -> Nullable<Text>,
    }
}

diesel::table! {
    registration_subjects (id) {
        id -> Text,
        registration_id -> Text,
        subject -> Text,
        fee -> Integer,
        result -> Text,
        refund_id -> Nullable<Text>,
    }
}

diesel::table! {
    certificates (id) {
        id -> Text,
        holder_hash -> Text,
        holder_name -> Text,
        exam_id -> Text,
        sitting_month -> Text,
        level -> Text,
        specialty -> Text,
        number -> Text,
        print_number -> Text,
        approved_on -> Date,
        issued_on -> Date,
        issuing_body -> Text,
        delivery -> Text,
        lookup_hash -> Text,
        document_mask -> Text,
        gender -> Text,
        mailing_id -> Nullable<Text>,
        person_hash -> Text,
        query_number -> Text,
        annulled_on -> Nullable<Date>,
        annulment -> Text,
    }
}

diesel::table! {
    violations (id) {
        id -> Text,
        holder_hash -> Text,
        sitting_id -> Text,
        subject -> Text,
        happened_at -> Timestamp,
        place -> Text,
        fact -> Text,
        clause -> Text,
        proposed_decision -> Text,
        served_on -> Date,
        outcome -> Text,
        plead_days -> Integer,
    }
}

diesel::table! {
    integrity_records (id) {
        id -> Text,
        holder_hash -> Text,
        category -> Text,
        fact -> Text,
        decision_number -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
    }
}

diesel::table! {
    applications (id) {
        id -> Text,
        number -> Nullable<Text>,
        kind -> Text,
        candidate_id -> Text,
        parent_id -> Text,
        subject -> Text,
        title -> Text,
        summary -> Text,
        status -> Text,
        version -> Integer,
        round -> Integer,
        form -> Nullable<Text>,
        working -> Nullable<Text>,
        assignee_id -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        submitted_at -> Nullable<Timestamp>,
        decided_at -> Nullable<Timestamp>,
        due_on -> Nullable<Date>,
        result -> Text,
        notice_version -> Text,
        agreed_at -> Nullable<Timestamp>,
        list_facts -> Nullable<Text>,
        saves -> Integer,
        saved_by -> Text,
        held_at -> Nullable<Timestamp>,
        proposed_by -> Nullable<Text>,
        due_days -> Nullable<Integer>,
        appeal_until -> Nullable<Date>,
    }
}

diesel::table! {
    case_notes (id) {
        id -> Text,
        application_id -> Text,
        staff_id -> Text,
        at -> Timestamp,
        content -> Text,
    }
}

diesel::table! {
    working_marks (application_id, staff_id) {
        application_id -> Text,
        staff_id -> Text,
        content -> Text,
        saved_at -> Timestamp,
    }
}

diesel::table! {
    refund_rules (id) {
        id -> Text,
        exam_id -> Text,
        reason -> Text,
        closes_before -> Nullable<Integer>,
        share -> Integer,
    }
}

diesel::table! {
    replica_beats (process) {
        process -> Text,
        beat -> BigInt,
        written_at -> Timestamp,
    }
}

diesel::table! {
    rules (kind, name) {
        kind -> Text,
        name -> Text,
        value -> Integer,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    application_events (id) {
        id -> Text,
        application_id -> Text,
        position -> Integer,
        at -> Timestamp,
        action -> Text,
        from_status -> Text,
        to_status -> Text,
        staff_id -> Nullable<Text>,
        content -> Text,
    }
}

diesel::table! {
    files_to_delete (storage_key) {
        storage_key -> Text,
        dropped_at -> Timestamp,
    }
}

diesel::table! {
    attachments (id) {
        id -> Text,
        candidate_id -> Text,
        application_id -> Nullable<Text>,
        slot -> Text,
        name -> Text,
        mime -> Text,
        size -> BigInt,
        width -> Integer,
        height -> Integer,
        storage_key -> Text,
        created_at -> Timestamp,
        submitted_at -> Nullable<Timestamp>,
        unreadable_since -> Nullable<Timestamp>,
        withdrawn_at -> Nullable<Timestamp>,
        removed_at -> Nullable<Timestamp>,
        scanned_at -> Nullable<Timestamp>,
        finding -> Nullable<Text>,
    }
}

diesel::table! {
    former_documents (document_hash) {
        document_hash -> Text,
        candidate_id -> Text,
        replaced_at -> Timestamp,
    }
}

diesel::table! {
    former_names (name_hash, candidate_id) {
        name_hash -> Text,
        candidate_id -> Text,
    }
}

diesel::table! {
    searches (id) {
        id -> Text,
        staff_id -> Text,
        at -> Timestamp,
        words -> Text,
    }
}

diesel::table! {
    saved_views (id) {
        id -> Text,
        staff_id -> Text,
        name -> Text,
        query -> Text,
    }
}

diesel::table! {
    renewed_hashes (former) {
        former -> Text,
        present -> Text,
    }
}

diesel::table! {
    former_values (record_id, field, value) {
        record_id -> Text,
        field -> Text,
        value -> Text,
    }
}

diesel::table! {
    voided_prints (id) {
        id -> Text,
        certificate_id -> Text,
        print_number -> Text,
        voided_on -> Date,
    }
}

diesel::table! {
    certificate_links (id) {
        id -> Text,
        certificate_id -> Text,
        token -> Text,
        token_hash -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    certificate_link_views (link_id, minute) {
        link_id -> Text,
        minute -> Timestamp,
        count -> Integer,
    }
}

diesel::table! {
    certificate_keys (id) {
        id -> Text,
        public_key -> Text,
        private_key -> Text,
        created_at -> Timestamp,
        retired_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    certificate_copies (id) {
        id -> Text,
        certificate_id -> Text,
        status_index -> BigInt,
        code -> Text,
        purpose -> Text,
        holder_name -> Text,
        print_number -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    certificate_inquiries (certificate_id, day, way, asker) {
        certificate_id -> Text,
        day -> Date,
        way -> Text,
        asker -> Text,
        first_at -> Timestamp,
        last_at -> Timestamp,
        count -> Integer,
    }
}

diesel::table! {
    organisations (id) {
        id -> Text,
        name -> Text,
        contact -> Text,
        daily_quota -> Integer,
        expires_on -> Date,
        terms -> Text,
        agreed_on -> Date,
        key_hash -> Nullable<Text>,
        key_start -> Text,
        key_made_at -> Timestamp,
        version -> Integer,
    }
}

diesel::table! {
    organisation_uses (organisation_id, day) {
        organisation_id -> Text,
        day -> Date,
        count -> Integer,
    }
}

diesel::table! {
    lookup_lists (id) {
        id -> Text,
        organisation_id -> Nullable<Text>,
        challenge -> Nullable<Text>,
        created_at -> Timestamp,
        starts_at -> Timestamp,
        beat_at -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
        total -> Integer,
        done -> Integer,
        content -> Text,
    }
}

diesel::table! {
    lookup_counts (id) {
        id -> Text,
        count -> Integer,
        told_at -> Timestamp,
        ends_at -> Timestamp,
    }
}

diesel::table! {
    imports (id) {
        id -> Text,
        kind -> Text,
        content -> Text,
        rows_done -> BigInt,
        rows_added -> BigInt,
        rows_changed -> BigInt,
        started_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    batches (id) {
        id -> Text,
        kind -> Text,
        number -> Text,
        made_by -> Text,
        made_at -> Timestamp,
    }
}

diesel::table! {
    batch_rows (batch_id, application_id) {
        batch_id -> Text,
        application_id -> Text,
        position -> Integer,
        version -> Integer,
        state -> Text,
        note -> Text,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    batch_results (id) {
        id -> Text,
        batch_id -> Text,
        made_by -> Text,
        made_at -> Timestamp,
        content -> Text,
        applied_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    backups (name) {
        name -> Text,
        status -> Text,
        running -> Nullable<Text>,
        begun_at -> Timestamp,
        beat_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        files -> BigInt,
        bytes -> BigInt,
    }
}

diesel::table! {
    messages (id) {
        id -> Text,
        candidate_id -> Text,
        topic -> Text,
        kind -> Text,
        subject -> Text,
        body -> Text,
        once -> Nullable<Text>,
        created_at -> Timestamp,
        read_at -> Nullable<Timestamp>,
        texted_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sms_outbox (message_id) {
        message_id -> Text,
        state -> Text,
        queued_at -> Timestamp,
        due_at -> Timestamp,
        lease -> Text,
        tries -> Integer,
        failure -> Text,
        template -> Text,
        facts -> Text,
    }
}

diesel::table! {
    sms_opt_outs (candidate_id) {
        candidate_id -> Text,
        at -> Timestamp,
    }
}

diesel::joinable!(office_texts -> staff (staff_id));
diesel::joinable!(import_jobs -> staff (staff_id));
diesel::joinable!(consents -> candidates (candidate_id));
diesel::joinable!(data_exports -> candidates (candidate_id));
diesel::joinable!(deletion_requests -> candidates (candidate_id));
diesel::joinable!(deletion_requests -> staff (decided_by));
diesel::joinable!(certificate_links -> certificates (certificate_id));
diesel::joinable!(certificate_copies -> certificates (certificate_id));
diesel::joinable!(certificate_inquiries -> certificates (certificate_id));
diesel::joinable!(certificate_link_views -> certificate_links (link_id));
diesel::joinable!(former_documents -> candidates (candidate_id));
diesel::joinable!(former_names -> candidates (candidate_id));
diesel::joinable!(voided_prints -> certificates (certificate_id));
diesel::joinable!(audit_entries -> staff (staff_id));
diesel::joinable!(sessions -> candidates (candidate_id));
diesel::joinable!(login_handshakes -> candidates (candidate_id));
diesel::joinable!(device_grants -> login_handshakes (handshake_id));
diesel::joinable!(portal_accounts -> candidates (candidate_id));
diesel::joinable!(identity_cases -> candidates (candidate_id));
diesel::joinable!(identity_cases -> staff (decided_by));
diesel::joinable!(security_events -> candidates (candidate_id));
diesel::joinable!(account_notices -> candidates (candidate_id));
diesel::joinable!(known_devices -> candidates (candidate_id));
diesel::joinable!(exam_subjects -> exams (exam_id));
diesel::joinable!(english_names -> exams (exam_id));
diesel::joinable!(sittings -> exams (exam_id));
diesel::joinable!(registrations -> sittings (sitting_id));
diesel::joinable!(registration_subjects -> registrations (registration_id));
diesel::joinable!(certificates -> exams (exam_id));
diesel::joinable!(violations -> sittings (sitting_id));
diesel::joinable!(applications -> candidates (candidate_id));
diesel::joinable!(applications -> staff (assignee_id));
diesel::joinable!(application_events -> applications (application_id));
diesel::joinable!(application_events -> staff (staff_id));
diesel::joinable!(case_notes -> staff (staff_id));
diesel::joinable!(attachments -> candidates (candidate_id));
diesel::joinable!(attachments -> applications (application_id));

diesel::joinable!(sms_outbox -> messages (message_id));
diesel::joinable!(messages -> candidates (candidate_id));

diesel::joinable!(batches -> staff (made_by));
diesel::joinable!(batch_rows -> batches (batch_id));
diesel::joinable!(batch_rows -> applications (application_id));
diesel::joinable!(batch_results -> batches (batch_id));

diesel::allow_tables_to_appear_in_same_query!(
    data_keys,
    meta,
    holiday_years,
    number_sequences,
    case_notes,
    working_marks,
    candidates,
    consents,
    staff,
    audit_entries,
    audit_head,
    audit_cuts,
    data_exports,
    deletion_requests,
    sessions,
    login_handshakes,
    device_grants,
    portal_accounts,
    identity_cases,
    security_events,
    account_notices,
    known_devices,
    portal_attempts,
    announcements,
    exams,
    exam_subjects,
    english_names,
    sittings,
    registrations,
    registration_subjects,
    certificates,
    violations,
    integrity_records,
    applications,
    application_events,
    attachments,
    former_documents,
    former_names,
    searches,
    saved_views,
    renewed_hashes,
    former_values,
    voided_prints,
    certificate_links,
    certificate_link_views,
    certificate_keys,
    certificate_copies,
    certificate_inquiries,
    organisations,
    organisation_uses,
    lookup_lists,
    lookup_counts,
    imports,
    refund_rules,
    rules,
    office_texts,
    messages,
    sms_outbox,
    sms_opt_outs,
    import_jobs,
    batches,
    batch_rows,
    batch_results,
    backups,
);
