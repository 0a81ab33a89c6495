//! Procedures of RFC 3525 sections 8, 9, 11 and annex D, and what surrounds them.
#[path = "../harness/mod.rs"]
mod harness;

mod binary;
mod counters_by_otps_names;
mod d_1_1_at_most_once;
mod d_1_1_short_reply_timer_keeps_the_id;
mod d_1_2_2_acknowledgement_before_the_reply;
mod d_1_2_2_reversed_range;
mod d_1_3_the_timeout_follows_measured_delays;
mod d_1_4_lost_acknowledgement_is_repeated;
mod d_1_4_pending_after_reply_is_ignored;
mod d_1_5_broken_association;
mod disconnect_keeps_resends_for_a_reconnect;
mod no_item_waits_longer_than_the_timer;
mod pre_encoded_actions;
mod refused_with_a_chosen_error;
mod reply_larger_than_a_message;
mod reply_that_cannot_be_written;
mod s_11_3_lower_version_wins;
mod s_11_3_other_version_gets_406;
mod s_8_1_1_ids_are_unique_among_live;
mod s_8_2_2_error_in_a_command;
mod s_8_2_2_error_in_an_action;
mod s_8_2_2_error_without_an_id;
mod s_8_in_order_with_a_late_answer;
mod s_8_long_requests_run_after_the_others;
mod s_8_threaded_does_not_wait;
mod s_9_1_service_change_comes_first;
mod s_9_2_restart_avalanche;
mod s_9_replies_go_to_the_source;
mod stored_request_again_flushes;
mod the_ladder_of_a_transaction;
mod v3_one_action_is_split;
mod v3_segment_timer_of_one_period;
mod v3_segments_are_filled;
